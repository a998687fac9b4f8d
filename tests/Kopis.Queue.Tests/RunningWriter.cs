using System.Net.Sockets;
using System.Text;
using Kopis.Queue.Intake;
using Kopis.Queue.Store.Messages;
using Kopis.Queue.Writer;

namespace Kopis.Queue.Tests;

/// <summary>A queue writer that serves a home until it is disposed.</summary>
internal sealed class RunningWriter : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly QueueWriter _writer;
    private readonly Task _serving;
    private bool _stopped;

    internal RunningWriter(
        QueueHome home, TestDisk? disk = null, IntakeLimits? limits = null,
        TimeProvider? clock = null)
    {
        Home = home;
        _writer = new QueueWriter(
            home.Path, clock ?? TimeProvider.System, Log.Add, limits ?? new IntakeLimits(),
            disk ?? new TestDisk());
        _serving = Task.Run(() => _writer.RunAsync(_stop.Token));
    }

    internal QueueHome Home { get; }

    internal List<string> Log { get; } = [];

    internal long MemoryHeld => _writer.MemoryHeld;

    internal Socket Connect()
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(IntakeFrame.SocketPath(Home.Path)));
        socket.ReceiveTimeout = socket.SendTimeout = 20_000;
        return socket;
    }

    /// <summary>One small message by a connection of its own.</summary>
    internal QueueReply Submit(
        string body, string recipient = "a@x", MessageOrigin origin = MessageOrigin.Local)
    {
        using IntakeConnection queue = new(Home.Path, TimeSpan.FromSeconds(20));
        queue.Begin(origin, 0);
        queue.Write(Encoding.Latin1.GetBytes(body));
        return queue.Finish(Envelope.Format(
            "s@x"u8, [Encoding.Latin1.GetBytes(recipient)]));
    }

    internal Task StopAsync()
    {
        _stop.Cancel();
        return _serving.WaitAsync(TimeSpan.FromSeconds(20));
    }

    public async ValueTask DisposeAsync()
    {
        if (!_stopped)
        {
            _stopped = true;
            await StopAsync();
            _writer.Dispose();
            _stop.Dispose();
        }
    }
}
