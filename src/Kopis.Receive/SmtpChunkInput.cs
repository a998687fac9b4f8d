using System.Buffers;
using System.IO.Pipelines;
using Kopis.Net;

namespace Kopis.Receive;

/// <summary>The bytes of one chunk, in pieces as they come, and no byte more.</summary>
internal sealed class SmtpChunkInput(Connection connection, long size, TimeSpan timeout)
{
    private long _left = size;
    private long _progress;
    private ReadOnlySequence<byte> _piece;
    private bool _begun;

    /// <summary>Why there is no more, where the chunk is not whole.</summary>
    internal SmtpMessageEnd? Failure { get; private set; }

    /// <summary>The next piece, to be taken by <see cref="Advance"/>; null at the end.</summary>
    internal async ValueTask<ReadOnlySequence<byte>?> ReadAsync()
    {
        if (!_begun)
        {
            _begun = true;
            connection.SetDeadline(timeout);
        }

        while (_left > 0)
        {
            if (await ReadMoreAsync() is not { } read)
            {
                Failure = connection.IsTimedOut ? SmtpMessageEnd.TimedOut : SmtpMessageEnd.Broken;
                return null;
            }

            _piece = read.Buffer.Slice(0, Math.Min(read.Buffer.Length, _left));
            if (!_piece.IsEmpty)
            {
                return _piece;
            }

            connection.Input.AdvanceTo(read.Buffer.Start);
            if (read.IsCompleted)
            {
                Failure = SmtpMessageEnd.Broken;
                return null;
            }
        }

        return null;
    }

    // Replies to what came before the chunk may still be unsent; no client is kept waiting for
    // them while we wait for it.
    private async ValueTask<ReadResult?> ReadMoreAsync()
    {
        if (connection.Input.TryRead(out ReadResult here) && !here.IsCanceled)
        {
            return here;
        }

        if (here.IsCanceled)
        {
            connection.Input.AdvanceTo(here.Buffer.Start);
        }

        return connection.Output.UnflushedBytes > 0 && !await connection.FlushAsync()
            ? null
            : await connection.TryReadAsync();
    }

    /// <summary>The piece was used.</summary>
    internal void Advance()
    {
        _left -= _piece.Length;
        _progress += _piece.Length;
        connection.Input.AdvanceTo(_piece.End);
        if (_progress >= SmtpMessage.ProgressBytes)
        {
            connection.SetDeadline(timeout);
            _progress = 0;
        }
    }

    /// <summary>Reads the chunk and forgets it; false where it does not come.</summary>
    internal async ValueTask<bool> DropAsync()
    {
        while (await ReadAsync() is not null)
        {
            Advance();
        }

        return Failure is null;
    }
}
