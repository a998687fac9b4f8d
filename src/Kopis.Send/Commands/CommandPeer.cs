using Kopis.Base;
using Kopis.Posix;
using Kopis.Queue.Commands;

namespace Kopis.Send.Commands;

/// <summary>A caller of the command socket: one request and its answers.</summary>
internal sealed class CommandPeer(int fd, uint uid, TimeProvider clock) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    // The limit for all waits within one answer: a caller that reads a byte each half minute must
    // not keep its place.
    private static readonly TimeSpan WaitsMax = TimeSpan.FromMinutes(5);

    private readonly byte[] _request = new byte[QueueFrame.RequestBytesMax];
    private int _got;
    private bool _isAsked;
    private bool _isEnded;
    private long _since = clock.GetTimestamp();
    private long? _waitsSince; // Since when bytes have waited for the caller.
    private TimeSpan _waited;
    private int _place;

    /// <summary>The caller's user.</summary>
    internal uint Uid { get; } = uid;

    /// <summary>The answers to the caller.</summary>
    internal CommandOutput Output { get; } = new();

    internal void AddTo(Poller poller) =>
        _place = poller.Add(fd, read: !_isEnded, write: Output.HasRest);

    internal bool IsReady(Poller poller) => poller.IsReady(_place);

    /// <summary>Reads what is there. Bytes after a request end the connection.</summary>
    /// <returns>A request, once it is complete.</returns>
    internal QueueRequest? Read()
    {
        int got;
        try
        {
            got = Fd.Read(fd, _request.AsSpan(_got, Math.Max(1, _request.Length - _got)));
        }
        catch (PosixException)
        {
            got = 0;
        }

        if (got < 0)
        {
            return null;
        }

        if (got == 0 || _isAsked)
        {
            Output.IsClosed = _isEnded = true;
            return null;
        }

        _got += got;
        int length = QueueFrame.LengthOf(_request.AsSpan(0, _got), _request.Length);
        if (length < 0)
        {
            Refuse("not a frame");
            return null;
        }

        if (length == 0 || length > _got)
        {
            return null;
        }

        _isAsked = true;
        _since = clock.GetTimestamp();
        QueueRequest? request = length < _got ? null : QueueRequest.Parse(
            _request[sizeof(uint)], _request.AsSpan(QueueFrame.HeadBytes.._got));
        _got = 0; // Further input is read only to notice the end of the connection.
        if (request is null)
        {
            Refuse("not a request that this version knows");
        }

        return request;
    }

    /// <summary>Answers why the request is refused.</summary>
    internal void Refuse(string reason)
    {
        QueueFrame.Write(Output.Bytes, QueueFrame.Refused, ByteText.ToBytes(reason));
        Output.IsComplete = true;
    }

    /// <summary>Sends what the socket takes.</summary>
    /// <returns>False if the connection is over.</returns>
    internal bool TryFlush()
    {
        try
        {
            while (Output.HasRest && !Output.IsClosed)
            {
                int put = FdPassing.TrySend(fd, Output.Bytes.WrittenSpan[Output.Sent..], -1);
                if (put < 0)
                {
                    break;
                }

                Output.Sent += put;
                _since = clock.GetTimestamp();
            }
        }
        catch (PosixException)
        {
            Output.IsClosed = true;
        }

        if (!Output.HasRest)
        {
            Output.Clear();
        }

        // A caller may wait for its command without limit; qmail-send does not wait for a caller.
        CountWait();
        bool isSlow = (!_isAsked || Output.HasRest) && clock.GetElapsedTime(_since) > Patience;
        Output.IsClosed |= isSlow || _waited > WaitsMax;
        return !Output.IsClosed && !(Output.IsComplete && !Output.HasRest);
    }

    private void CountWait()
    {
        long now = clock.GetTimestamp();
        _waited += _waitsSince is { } since
            ? clock.GetElapsedTime(since, now) : TimeSpan.Zero;
        _waitsSince = Output.HasRest ? now : null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Output.IsClosed = true;
        Fd.Close(fd);
    }
}
