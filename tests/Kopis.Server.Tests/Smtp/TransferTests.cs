using System.IO.Pipelines;
using System.Text;
using Kopis.Base;
using Kopis.Config;
using Kopis.Net;
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
    private Pipe _input = new();
    private Pipe _output = new();

    public void Dispose() => Directory.Delete(_control, recursive: true);

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
        Assert.InRange(_queue.LargestWrite, 1, MessageBlock.BytesMax);
    }

    private ISessionHandler[] Handlers() =>
    [
        new QmtpHandler(new ControlDirectory(_control), _ => _queue, _time),
        new QmqpHandler(new ControlDirectory(_control), _ => _queue, _time),
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
