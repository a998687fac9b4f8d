using System.Net;
using Kopis.Config;
using Kopis.Config.Maps;
using Kopis.Queue.QmailFormat;
using Kopis.Testing;

namespace Kopis.Remote.Tests;

/// <summary>Recipients one by one, on several connections.</summary>
public sealed class LoneDeliveriesTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly string _home = Directory.CreateTempSubdirectory("kopis-").FullName;

    public LoneDeliveriesTests()
    {
        Directory.CreateDirectory(Path.Combine(_home, "control"));
        File.WriteAllText(Path.Combine(_home, "control/me"), "mx.example\n");
    }

    public void Dispose() => Directory.Delete(_home, recursive: true);

    /// <summary>Who orders them closes the message then: another's could be read instead.
    /// </summary>
    [Fact]
    public async Task Behind_a_crash_nobody_reads_the_message_any_more()
    {
        TaskCompletionSource held = new();
        TaskCompletionSource go = new();
        using LoopbackServer server = new(IPAddress.Parse("127.0.0.2"), 0, async line =>
        {
            if (line.StartsWith("MAIL", StringComparison.Ordinal) && held.TrySetResult())
            {
                await go.Task;
            }

            return null;
        });
        ReadOnce message = new();
        RemoteMail mail = new("s@x"u8.ToArray(), ["a@y"u8.ToArray(), "b@y"u8.ToArray()], message);
        await using LinkPool pool = new(_time, LinkPool.IdleLeast);
        LoneDeliveries deliveries =
            new(mail, Route(server.Port, pool), pool, _time, new (RemoteReport, int)[2]);
        Task all = deliveries.RunAsync([0, 1], default);
        await held.Task;
        message.IsSpent = true;
        while (!message.HasFailed)
        {
            _time.Advance(TimeSpan.FromSeconds(1)); // It makes room for another beside it.
            await Task.Delay(1);
        }

        await Task.Delay(50);
        Assert.False(all.IsCompleted);
        message.IsSpent = false;
        go.SetResult();
        await Assert.ThrowsAsync<InvalidOperationException>(() => all);
        Assert.True(message.Reads > 1);
    }

    private RemoteRoute Route(int port, LinkPool pool)
    {
        RemoteSettings settings =
            RemoteSettings.Read(new ControlDirectory(Path.Combine(_home, "control")));
        SmtpRoute relay = new("127.0.0.2", port);
        return new RemoteRoute(
            settings, new MailDnsTable([], []), new ConnectMemory(_time, new TimeoutFile(_home)),
            new LoginPauses(_time, _ => { }), _time,
            new RemoteDestination(
                "y"u8.ToArray(), relay,
                TlsDemand.Of(settings.Tls.Policies.Find("y"u8), false, "y", relay)), pool);
    }

    /// <summary>A message whose reading crashes when a test says so.</summary>
    private sealed class ReadOnce : IRemoteMessage
    {
        private readonly MemoryMessage _message = new("line\n");
        private volatile bool _isSpent;
        private volatile bool _hasFailed;
        private int _reads;

        internal bool IsSpent
        {
            get => _isSpent;
            set => _isSpent = value;
        }

        internal bool HasFailed => _hasFailed;

        internal int Reads => Volatile.Read(ref _reads);

        public long Length => _message.Length;

        public int Read(long offset, Span<byte> to)
        {
            if (_isSpent)
            {
                _hasFailed = true;
                throw new InvalidOperationException("crash");
            }

            Interlocked.Increment(ref _reads);
            return _message.Read(offset, to);
        }
    }
}
