using System.Text;
using Kopis.Mail.Dsn;
using Kopis.Posix;
using Kopis.Queue.Store.Bounces;

namespace Kopis.Queue.Tests;

/// <summary>queue/bounce/N in each form that it may have: records, and qmail's text before them.
/// </summary>
public sealed class BounceLogTests : IDisposable
{
    private const ulong Number = 7;
    private const string OldText = "<a@x>:\nno such box\n\n<b@x>:\nnor here\n\n";

    private readonly string _directory = Directory.CreateTempSubdirectory("kopis-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void What_was_added_is_read_whoever_reads_it()
    {
        BounceLog log = New();
        log.Append(Number, Failed(0, "first\n"));
        log.Append(Number, new BounceRecord(1, DsnAction.Delayed, []));
        log.Append(Number, Failed(2, "\0\u00ff\n\n" + new string('x', 9000)));
        log.Sync();
        Assert.Equal([Number], log.Numbers());
        Assert.Equal(
            [(0, true, 6), (1, false, 0), (2, true, 9004)],
            New().Read(Number).Select(one => (one.Recipient, one.IsFailure, one.Report.Length)));
        Assert.Empty(New().Read(8));
    }

    [Fact]
    public void Text_of_an_older_version_or_of_qmail_is_read_and_goes_on_as_records()
    {
        for (int bytes = 0; bytes <= OldText.Length; bytes++) // Torn at any place, too.
        {
            File.WriteAllText(FileName, OldText[..bytes]);
            Assert.Equal(OldText[..bytes], Text(New()));
            BounceLog log = New();
            log.Append(Number, Failed(2, "third\n"));
            log.Append(Number, Failed(3, "fourth\n"));
            string all = OldText[..bytes] + "<r2>:\nthird\n\n<r3>:\nfourth\n\n";
            Assert.Equal(all, Text(log));
            New().Append(Number, Failed(4, "fifth\n"));
            Assert.Equal(all + "<r4>:\nfifth\n\n", Text(New()));
        }
    }

    [Fact]
    public void Long_text_of_an_older_version_is_read_whole()
    {
        string text = string.Concat(Enumerable.Range(0, 9000).Select(i => $"<{i}@x>:\nno\n\n"));
        File.WriteAllText(FileName, text);
        New().Append(Number, Failed(0, "new\n"));
        Assert.Equal(text + "<r0>:\nnew\n\n", Text(New()));
    }

    [Fact]
    public void A_record_that_begins_as_text_does_is_a_record()
    {
        BounceRecord record = Enumerable.Range(0, 100_000)
            .Select(i => Failed(0, $"{i}\n")).First(one => one.Format()[0] == (byte)'<');
        New().Append(Number, record);
        Assert.Equal(0, Assert.Single(New().Read(Number)).Recipient);
    }

    [Fact]
    public void A_torn_record_hides_none_that_comes_later()
    {
        New().Append(Number, Failed(0, "first\n"));
        byte[] whole = File.ReadAllBytes(FileName);
        for (int torn = 1; torn < whole.Length; torn++)
        {
            File.WriteAllBytes(FileName, [.. whole, .. whole.AsSpan(0, torn)]);
            New().Append(Number, Failed(1, "second\n"));
            Assert.Equal("<r0>:\nfirst\n\n<r1>:\nsecond\n\n", Text(New()));
            File.WriteAllBytes(FileName, whole[..torn]);
            New().Append(Number, Failed(1, "second\n"));
            Assert.Equal("<r1>:\nsecond\n\n", Text(New()));
        }
    }

    /// <summary>Where a crash took its mark, it is delivered again and fails again.</summary>
    [Fact]
    public void A_recipient_that_failed_twice_is_named_once()
    {
        BounceLog log = New();
        log.Append(Number, Failed(1, "no\n"));
        log.Append(Number, Failed(0, "no\n"));
        log.Append(Number, Failed(1, "no again\n"));
        log.Append(Number, Failed(99, "nobody of this message\n"));
        Assert.Equal("<r1>:\nno\n\n<r0>:\nno\n\n", Text(log));
    }

    /// <summary>200,000 recipients with reports of 10,000 bytes would be 2 GB.</summary>
    [Fact]
    public void What_is_said_of_very_many_recipients_stays_small()
    {
        const int recipients = 4000;
        BounceLog log = New();
        string report = new string('x', 9900) + " (#5.1.1)\n";
        for (int i = 0; i < recipients; i++)
        {
            log.Append(Number, Failed(i, report));
        }

        Assert.InRange(
            new FileInfo(FileName).Length, 1, BounceLog.WholeReportsBytesMax + (recipients * 300));
        BounceRecord last = log.Read(Number).Last();
        Assert.Equal(recipients - 1, last.Recipient);
        Assert.Equal("5.1.1"u8, EnhancedStatus.Find(last.Report, DsnAction.Failed));
    }

    private static BounceRecord Failed(int recipient, string report) =>
        new(recipient, DsnAction.Failed, Encoding.Latin1.GetBytes(report));

    private static string Text(BounceLog log) => string.Concat(FailedRecipients
        .Text(log.Read(Number), 5, index => Encoding.ASCII.GetBytes($"r{index}"))
        .Select(Encoding.Latin1.GetString));

    private string FileName => Path.Combine(_directory, "7");

    private BounceLog New() => new(FileSystem.Real, _directory);
}
