using System.IO.Pipelines;
using System.Text;
using Kopis.Base;
using Kopis.Config;
using Kopis.Net;
using Kopis.Posix;
using Kopis.Server.Qmtp;
using Kopis.Testing;

namespace Kopis.Server.Tests.Smtp;

/// <summary>QMTP and QMQP sessions: their time, and what becomes of a message cut short.</summary>
public sealed class TransferTests : IDisposable
{
    private const string Package = "10:\nSubject: ,0:,4:1:r,,";
    private readonly string _control = Directory.CreateTempSubdirectory("kopis-").FullName;
    private readonly ManualTime _time = new();
    private readonly CapturedQueue _queue = new();
    private readonly JournalSocket _journal; // Nobody is there.
    private Pipe _input = new();
    private Pipe _output = new();

    public TransferTests() => _journal = new JournalSocket(_control, _time);

    public void Dispose()
    {
        _journal.Dispose();
        Directory.Delete(_control, recursive: true);
    }

    [Fact]
    public async Task A_session_has_an_hour_however_busy_it_is()
    {
        foreach (ISessionHandler handler in Handlers())
        {
            Task<int> session = Begin(handler);
            await SendAsync("100:");
            _time.Advance(TimeSpan.FromSeconds(3599));
            await SendAsync("\n");
            Assert.False(session.IsCompleted);
            _time.Advance(TimeSpan.FromSeconds(2));
            Assert.Equal(ExitCode.Temporary, await session.WaitAsync(TimeSpan.FromSeconds(20)));
        }

        Assert.Empty(_queue.Messages);
    }

    [Fact]
    public async Task A_listener_that_ends_lets_a_message_finish()
    {
        using CancellationTokenSource stop = new();
        Task<int> session = Begin(Handlers()[0], stop.Token);
        await SendAsync(Package[..5]);
        await stop.CancelAsync();
        await SendAsync(Package[5..]);
        Assert.Equal(ExitCode.Temporary, await session.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.Equal("F\0Tr\0\0", Assert.Single(_queue.Messages).Envelope);
        ReadResult answer = await _output.Reader.ReadAsync();
        Assert.Equal(
            "26:Kok 946177353 qp 13960,"[2..], Encoding.Latin1.GetString(answer.Buffer)[2..]);
    }

    [Fact]
    public async Task A_queue_that_is_down_is_a_temporary_refusal()
    {
        _queue.IsDown = true;
        Task<int> session = Begin(Handlers()[0]);
        await SendAsync(Package);
        await _input.Writer.CompleteAsync();
        Assert.Equal(0, await session.WaitAsync(TimeSpan.FromSeconds(20)));
        ReadResult answer = await _output.Reader.ReadAsync();
        Assert.Contains(":Zqq trouble making network", Encoding.Latin1.GetString(answer.Buffer));
    }

    [Fact]
    public async Task What_is_cut_short_is_given_up()
    {
        string large = $"100001:\n{new string('x', 100_000)},0:,4:1:r,;";
        foreach (int length in (int[])[50_000, large.Length])
        {
            Task<int> session = Begin(Handlers()[0]);
            await SendAsync(large[..length]);
            await _input.Writer.CompleteAsync();
            Assert.Equal(
                length == large.Length ? ExitCode.Permanent : ExitCode.Success,
                await session.WaitAsync(TimeSpan.FromSeconds(20)));
        }

        Assert.Equal((2, 2), (_queue.Begun, _queue.Abandoned));
        Assert.Empty(_queue.Messages);
        Assert.InRange(_queue.LargestWrite, 1, MessageUpload.BlockBytesMax);
    }

    /// <summary>Cut at every byte: what a client hears of each recipient, and who gets the
    /// message.</summary>
    [Fact]
    public async Task Recipients_of_SRS_are_asked_about()
    {
        File.WriteAllText(Path.Combine(_control, "rcpthosts"), "mx.example\n");
        File.WriteAllText(Path.Combine(_control, "srsdomain"), "srs.example\n");
        File.WriteAllText(Path.Combine(_control, "me"), "mx.example\n");
        AskedRecipients asked = new();
        string package = "10:\nSubject: ,0:," + Netstring(string.Concat(
            new[] { "SRS0=good", "a", "SRS0=bad", "SRS0=late", "SRS0=good", "srs" }
                .Select((local, i) => Netstring($"{local}@{(i == 1 ? "mx" : "srs")}.example"))));
        foreach ((string local, LookupVerdict verdict) in new[]
        {
            ("good", LookupVerdict.Yes), ("bad", LookupVerdict.No), ("late", LookupVerdict.Later),
        })
        {
            asked.KnownNow[$"SRS0={local}@srs.example"] = verdict;
        }

        for (int cut = 1; cut < package.Length; cut++)
        {
            Task<int> session = Begin(
                new QmtpHandler(new ControlDirectory(_control), _ => _queue, _journal, _time)
                {
                    Recipients = asked,
                });
            await SendAsync(package[..cut]);
            await SendAsync(package[cut..]);
            await _input.Writer.CompleteAsync();
            Assert.Equal(0, await session.WaitAsync(TimeSpan.FromSeconds(20)));
            await _output.Writer.CompleteAsync();
            ReadResult answer = await _output.Reader.ReadAtLeastAsync(10_000);
            Assert.Matches(
                "^[0-9]+:Kok [^,]*,[0-9]+:Kok [^,]*,"
                + @"71:Dsorry, that address of forwarded mail is not mine, or too old \(#5.1.1\),"
                + @"40:Zunable to look that address up \(#4.3.0\),[0-9]+:Kok [^,]*,"
                + "[0-9]+:Dsorry, that domain isn't in my list",
                Encoding.Latin1.GetString(answer.Buffer));
            Assert.Equal(
                "F\0Ta@mx.example\0TSRS0=good@srs.example\0\0", _queue.Messages[^1].Envelope);
        }
    }

    private static string Netstring(string text) => $"{text.Length}:{text},";

    private ISessionHandler[] Handlers() =>
    [
        new QmtpHandler(new ControlDirectory(_control), _ => _queue, _journal, _time),
        new QmqpHandler(new ControlDirectory(_control), _ => _queue, _journal, _time),
    ];

    private Task<int> Begin(ISessionHandler handler, CancellationToken stop = default)
    {
        (_input, _output) = (new Pipe(), new Pipe());
        Connection connection = Connection.OverPipes(
            _input.Reader, _output.Writer, new ByteEnvironment(), _time);
        return handler.RunAsync(connection, stop); // Its clock runs when this returns.
    }

    private async Task SendAsync(string text) =>
        await _input.Writer.WriteAsync(Encoding.Latin1.GetBytes(text));
}
