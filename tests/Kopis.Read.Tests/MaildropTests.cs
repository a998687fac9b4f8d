using Kopis.Mail;
using Kopis.Posix;
using Kopis.Receive.Tests;

namespace Kopis.Read.Tests;

public sealed class MaildropTests : IDisposable
{
    private readonly TestHome _home = new();
    private readonly string _maildir;

    public MaildropTests() => _maildir = _home.AddUser("joe@x.example", "right");

    public void Dispose() => _home.Dispose();

    [Fact]
    public void Faults()
    {
        Assert.Null(Maildrop.TryOpen([0], ManualTime.Start, out MaildropFault fault));
        Assert.Equal(MaildropFault.Missing, fault);
        File.WriteAllText(_home.In("file"), "");
        Assert.Null(Maildrop.TryOpen(
            Fd.PathBytes(_home.In("file")), ManualTime.Start, out fault));
        Assert.Equal(MaildropFault.Missing, fault);
        Directory.Delete(Path.Combine(_maildir, "cur"));
        Assert.Null(Maildrop.TryOpen(Fd.PathBytes(_maildir), ManualTime.Start, out fault));
        Assert.Equal(MaildropFault.Unreadable, fault);
    }

    [Fact]
    public void Only_files_are_messages()
    {
        Directory.CreateDirectory(Path.Combine(_maildir, "new", "directory"));
        Paths.TryMakeFifo(Path.Combine(_maildir, "cur", "fifo"), 0x180);
        File.CreateSymbolicLink(Path.Combine(_maildir, "cur", "dangling"), "/nonexistent");
        using Maildrop drop = Open();
        Assert.Equal(0, drop.Count);
    }

    [Fact]
    public void Old_files_in_tmp_go_and_younger_ones_stay()
    {
        foreach ((string name, double hours) in ((string, double)[])
            [("old", 36.1), ("young", 35.9), (".dot", 99)])
        {
            string path = Path.Combine(_maildir, "tmp", name);
            File.WriteAllText(path, "");
            File.SetLastAccessTimeUtc(path, ManualTime.Start.UtcDateTime.AddHours(-hours));
        }

        Open().Dispose();
        Assert.Equal(
            [".dot", "young"],
            Directory.GetFiles(Path.Combine(_maildir, "tmp")).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void A_hundred_thousand_messages_are_listed_in_order()
    {
        const int count = 100_000;
        string first = Path.Combine(_maildir, "new", "0");
        File.WriteAllText(first, "x");
        File.SetLastWriteTimeUtc(first, ManualTime.Start.UtcDateTime.AddSeconds(-5));

        // One file under many names: as many entries, without as many blocks on the disk. A file
        // has at most 65,000 names on ext4.
        for (int i = 1; i < count; i++)
        {
            string name = Path.Combine(_maildir, "new", $"{i}");
            if (i % 50_000 == 0)
            {
                File.Copy(first, name);
                File.SetLastWriteTimeUtc(name, ManualTime.Start.UtcDateTime.AddSeconds(-5));
            }
            else
            {
                string file = Path.Combine(_maildir, "new", $"{i / 50_000 * 50_000}");
                Assert.True(Paths.TryLink(file, name));
            }
        }

        using Maildrop drop = Open();
        Assert.Equal(count, drop.Count);
        for (int i = 1; i < count; i++)
        {
            Assert.True(drop.UniqueIdOf(i - 1).SequenceCompareTo(drop.UniqueIdOf(i)) < 0);
        }

        Pop3Session session = new(drop);
        System.Buffers.ArrayBufferWriter<byte> reply = new();
        Assert.Equal(Pop3Step.SendListing, session.OnLine("UIDL"u8, reply));
        int pieces = 0;
        bool more;
        do
        {
            reply.ResetWrittenCount();
            more = session.WriteListing(reply, 16 * 1024);
            Assert.InRange(reply.WrittenCount, 1, 17 * 1024);
            pieces++;
        }
        while (more);
        Assert.InRange(pieces, 2, count);
        Assert.True(reply.WrittenSpan.EndsWith("100000 99999\r\n.\r\n"u8));
    }

    [Fact]
    public void Names_that_would_break_a_line_are_made_plain()
    {
        TestHome.AddMessage(_maildir, "new/a\nb c\u007f:2,S", 9, "x");
        using Maildrop drop = Open();
        System.Buffers.ArrayBufferWriter<byte> reply = new();
        new Pop3Session(drop).OnLine("UIDL 1"u8, reply);
        Assert.Equal("+OK 1 a_b_c_\r\n"u8, reply.WrittenSpan);
        Assert.True(drop.TryRemove(0));
    }

    private Maildrop Open() =>
        Maildrop.TryOpen(Fd.PathBytes(_maildir), ManualTime.Start, out _)!;
}
