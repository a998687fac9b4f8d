using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Kopis.Base;
using Kopis.Net.Tls;

namespace Kopis.Net;

/// <summary>One peer: its input and output, the environment of the program that serves it, and a
/// deadline. An idle connection holds no buffer.</summary>
public sealed class Connection : IAsyncDisposable
{
    private const int BufferBytes = 16 * 1024; // One read of message data; freed when it is empty.
    private const int LingerBytesMax = 1024 * 1024; // What TCP may have in flight (tcp_rmem).
    private static readonly TimeSpan ShutdownPatience = TimeSpan.FromSeconds(1);
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly ITimer _timer;
    private long _deadline = long.MaxValue;
    private long _wakeAt = long.MaxValue;
    private bool _timedOut;
    private Socket? _socket;
    private Stream? _transport; // Below the pipes; null if there are only pipes.
    private SslStream? _tls;
    private bool _saidOver;

    private Connection(
        PipeReader input, PipeWriter output, ByteEnvironment environment, TimeProvider time)
    {
        Input = input;
        Output = output;
        Environment = environment;
        _time = time;
        _timer = time.CreateTimer(
            static connection => ((Connection)connection!).OnTimer(),
            this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The input from the peer. Read it through <see cref="TryReadAsync"/>.</summary>
    public PipeReader Input { get; private set; }

    /// <summary>The output to the peer. Flush it through <see cref="FlushAsync"/>.</summary>
    public PipeWriter Output { get; private set; }

    /// <summary>What TLS has negotiated; null in plain text.</summary>
    public TlsInfo? Tls { get; private set; }

    /// <summary>The environment that the program would have: a copy for this connection.</summary>
    public ByteEnvironment Environment { get; }

    /// <summary>The peer's address; null if the program was started by hand.</summary>
    public IPEndPoint? Remote { get; init; }

    /// <summary>Returns the environment that the listener's rules would give a client with another
    /// address, and perhaps a name; null if they deny it. Null if there is no listener.</summary>
    public Func<IPAddress, byte[]?, ByteEnvironment?>? AdmitOther { get; init; }

    /// <summary>The number of this connection in its listener's log.</summary>
    public long Number { get; init; }

    /// <summary>Whether the deadline has passed.</summary>
    public bool IsTimedOut
    {
        get
        {
            lock (_lock)
            {
                return _timedOut;
            }
        }
    }

    /// <summary>Makes a connection over a connected socket, which it owns from now on.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="environment">See <see cref="Environment"/>.</param>
    /// <param name="time">The clock.</param>
    /// <param name="number">See <see cref="Number"/>.</param>
    /// <param name="remote">The client, if it is not the one at the other end of the socket.
    /// </param>
    /// <param name="admitOther">See <see cref="AdmitOther"/>.</param>
    public static Connection OverSocket(
        Socket socket, ByteEnvironment environment, TimeProvider time, long number,
        IPEndPoint? remote = null, Func<IPAddress, byte[]?, ByteEnvironment?>? admitOther = null)
    {
        NetworkStream stream = new(socket, ownsSocket: true);
        return new Connection(ReaderOver(stream), WriterOver(stream), environment, time)
        {
            Remote = remote ?? socket.RemoteEndPoint as IPEndPoint,
            Number = number,
            AdmitOther = admitOther,
            _socket = socket,
            _transport = stream,
        };
    }

    /// <summary>Makes a connection over inherited descriptors, usually 0 and 1: sockets, pipes or
    /// files. They are read and written in blocking mode, since other processes may share them, and
    /// they stay open.</summary>
    public static Connection OverDescriptors(
        int input, int output, ByteEnvironment environment, TimeProvider time)
    {
        DescriptorStream stream = new(input, output);
        return new Connection(
            PipeReader.Create(stream, new StreamPipeReaderOptions(
                bufferSize: BufferBytes, leaveOpen: true)),
            WriterOver(stream),
            environment,
            time)
        {
            _transport = stream,
        };
    }

    /// <summary>Makes a connection over two pipes.</summary>
    public static Connection OverPipes(
        PipeReader input, PipeWriter output, ByteEnvironment environment, TimeProvider time) =>
        new(input, output, environment, time);

    /// <summary>Begins TLS as the server. The handshake has a deadline of its own, which replaces
    /// the present one. If the peer sent anything before our agreement, TLS is not begun: see
    /// <see cref="TlsStart"/>.</summary>
    /// <param name="server">Our certificates.</param>
    /// <param name="agreement">What to send before the handshake; empty if TLS comes first.</param>
    public async ValueTask<TlsStart> StartTlsAsync(
        TlsServer server, ReadOnlyMemory<byte> agreement)
    {
        if (HasInputAhead())
        {
            return new TlsStart(Established: false, HasPlaintextAhead: true, "plaintext ahead");
        }

        if (_transport is null || Tls is not null)
        {
            throw new InvalidOperationException("TLS over pipes, or over TLS");
        }

        SetDeadline(TlsServer.HandshakeTimeout);
        Output.Write(agreement.Span);
        if (Output.UnflushedBytes > 0 && !await FlushAsync())
        {
            return new TlsStart(Established: false, HasPlaintextAhead: false, "no connection");
        }

        ClearDeadline();
        await Input.CompleteAsync();
        await Output.CompleteAsync();
        using TlsHandshake handshake = new(server, _transport);
        TlsStart start = await handshake.RunAsync(_time);
        if (start.Established)
        {
            _tls = handshake.DetachStream();
            Tls = handshake.Info;
            Input = ReaderOver(_tls);
            Output = WriterOver(_tls);
        }

        return start;
    }

    /// <summary>Sets how long reads and flushes may take together from now on.</summary>
    public void SetDeadline(TimeSpan timeout)
    {
        lock (_lock)
        {
            _timedOut = false;
            long ticks = (long)(timeout.TotalSeconds * _time.TimestampFrequency);
            _deadline = _time.GetTimestamp() + ticks;
            if (_deadline < _wakeAt)
            {
                WakeAfter(timeout);
            }
        }
    }

    /// <summary>Waits for input.</summary>
    /// <returns>Null if the deadline has passed or the connection broke. A result may have nothing
    /// new after <see cref="PipeReader.CancelPendingRead"/>.</returns>
    public async ValueTask<ReadResult?> TryReadAsync()
    {
        try
        {
            ReadResult read = await Input.ReadAsync();
            if (read.IsCanceled && IsTimedOut)
            {
                Input.AdvanceTo(read.Buffer.Start);
                return null;
            }

            return read;
        }
        catch (Exception e) when (IsBroken(e))
        {
            return null;
        }
    }

    /// <summary>Waits for input in the way of <see cref="TryReadAsync"/>, but first sends what is
    /// unsent if no input is there. Input that is there already can be answered first, so that all
    /// replies go out in one write.</summary>
    public async ValueTask<ReadResult?> TryConverseAsync()
    {
        if (!Input.TryRead(out ReadResult here))
        {
            return Output.UnflushedBytes > 0 && !await FlushAsync() ? null : await TryReadAsync();
        }

        if (here.IsCanceled && IsTimedOut)
        {
            Input.AdvanceTo(here.Buffer.Start);
            return null;
        }

        return here;
    }

    /// <summary>Sends what was written to <see cref="Output"/>.</summary>
    /// <returns>False if the deadline has passed or the connection broke.</returns>
    public async ValueTask<bool> FlushAsync()
    {
        try
        {
            while (true)
            {
                FlushResult flush = await Output.FlushAsync();
                if (!flush.IsCanceled)
                {
                    return !flush.IsCompleted;
                }

                // An earlier deadline may have cancelled a flush that had not begun. Nothing was
                // sent then, and it can be repeated.
                if (IsTimedOut)
                {
                    return false;
                }
            }
        }
        catch (Exception e) when (IsBroken(e))
        {
            return false;
        }
    }

    /// <summary>Sends the last reply to a peer that may still be sending, and waits until it has
    /// ended or the deadline has passed. If the connection were closed at once, the kernel would
    /// reset it because of unread input, and the peer would lose the reply.</summary>
    public async ValueTask FlushAndLingerAsync()
    {
        if (!await FlushAsync() || _socket is null)
        {
            return;
        }

        try
        {
            await CloseNotifyAsync();
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (IsBroken(e))
        {
            return;
        }

        long left = LingerBytesMax;
        while (left > 0 && await TryReadAsync() is { IsCompleted: false } read)
        {
            left -= read.Buffer.Length;
            Input.AdvanceTo(read.Buffer.End);
        }
    }

    /// <summary>Closes both directions; unread input is dropped.</summary>
    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync();
        try
        {
            if (!IsTimedOut)
            {
                await CloseNotifyAsync();
            }

            await Input.CompleteAsync();
            await Output.CompleteAsync();
        }
        catch (Exception e) when (IsBroken(e))
        {
            // The peer was gone before the last reply.
        }

        if (_tls is not null)
        {
            await _tls.DisposeAsync();
        }

        if (_transport is not null)
        {
            await _transport.DisposeAsync();
        }
    }

    private static PipeReader ReaderOver(Stream stream) =>
        PipeReader.Create(stream, new StreamPipeReaderOptions(
            bufferSize: BufferBytes, minimumReadSize: 1024, leaveOpen: true,
            useZeroByteReads: true));

    private static PipeWriter WriterOver(Stream stream) =>
        PipeWriter.Create(
            stream, new StreamPipeWriterOptions(minimumBufferSize: 1024, leaveOpen: true));

    // Without it a peer cannot tell our end of the connection from one that an attacker made.
    private async ValueTask CloseNotifyAsync()
    {
        if (_tls is null || _saidOver)
        {
            return;
        }

        _saidOver = true;
        Task said = _tls.ShutdownAsync();
        if (await Task.WhenAny(said, Task.Delay(ShutdownPatience, _time)) == said)
        {
            await said;
        }
        else
        {
            _ = said.ContinueWith(
                static late => _ = late.Exception, TaskScheduler.Default); // Ends with the socket.
        }
    }

    private bool HasInputAhead()
    {
        if (!Input.TryRead(out ReadResult ahead))
        {
            return false;
        }

        Input.AdvanceTo(ahead.Buffer.Start);
        return !ahead.Buffer.IsEmpty;
    }

    private void ClearDeadline()
    {
        lock (_lock)
        {
            _deadline = long.MaxValue;
        }
    }

    private static bool IsBroken(Exception e) =>
        e is IOException or SocketException or ObjectDisposedException
            or OperationCanceledException;

    private void OnTimer()
    {
        lock (_lock)
        {
            _wakeAt = long.MaxValue;
            if (_deadline == long.MaxValue)
            {
                return;
            }

            long left = _deadline - _time.GetTimestamp();
            if (left > 0)
            {
                WakeAfter(_time.GetElapsedTime(0, left));
                return;
            }

            _timedOut = true;
        }

        Input.CancelPendingRead();
        Output.CancelPendingFlush();
    }

    // The timer is only moved to an earlier time; if it fires too early, it is set again. So a busy
    // session does not touch the timer queue for each line.
    private void WakeAfter(TimeSpan timeout)
    {
        _wakeAt = _time.GetTimestamp() + (long)(timeout.TotalSeconds * _time.TimestampFrequency);
        _timer.Change(timeout, Timeout.InfiniteTimeSpan);
    }
}
