using System.Buffers;
using System.IO.Pipelines;

namespace Kopis.Net;

/// <summary>Passes lines from a connection to a grammar, and its replies back. All line protocols
/// use it. Lines may end in LF or CRLF (contract §9.1, trap 22). The replies to all lines of one
/// read are sent in one write (RFC 2920 §3.2). It holds no more of a line than the grammar's limit.
/// </summary>
public sealed class LinePump(Connection connection, ILineProtocol protocol)
{
    private bool _tooLong; // The current line is too long and is dropped.

    /// <summary>Runs until the protocol pauses or closes, or the connection ends.</summary>
    /// <param name="lineTimeout">How long a whole line may take to arrive.</param>
    /// <param name="stop">Ends the wait for a line.</param>
    public async ValueTask<PumpEnd> RunAsync(TimeSpan lineTimeout, CancellationToken stop)
    {
        using CancellationTokenRegistration wake = stop.UnsafeRegister(
            static input => ((PipeReader)input!).CancelPendingRead(), connection.Input);
        connection.SetDeadline(lineTimeout);
        while (true)
        {
            if (await connection.TryConverseAsync() is not { } read)
            {
                return connection.IsTimedOut ? PumpEnd.TimedOut : PumpEnd.Broken;
            }

            ReadOnlySequence<byte> rest = read.Buffer;
            LineStep step = HandleLines(ref rest);
            bool tookLine = rest.Length < read.Buffer.Length;

            // What follows a pause is not examined, so that the next read returns it at once.
            connection.Input.AdvanceTo(
                rest.Start, step == LineStep.Continue ? read.Buffer.End : rest.Start);
            if (step == LineStep.Wait)
            {
                return PumpEnd.Waiting;
            }

            if (step != LineStep.Continue)
            {
                return await EndAsync(step);
            }

            if (tookLine && !_tooLong)
            {
                connection.SetDeadline(lineTimeout);
            }

            if (!tookLine && (read.IsCompleted || stop.IsCancellationRequested))
            {
                return read.IsCompleted ? PumpEnd.EndOfInput : PumpEnd.Stopped;
            }
        }
    }

    private async ValueTask<PumpEnd> EndAsync(LineStep step)
    {
        bool flushed = connection.Output.UnflushedBytes == 0 || await connection.FlushAsync();
        return !flushed ? (connection.IsTimedOut ? PumpEnd.TimedOut : PumpEnd.Broken)
            : step == LineStep.Pause ? PumpEnd.Paused : PumpEnd.Closed;
    }

    private LineStep HandleLines(ref ReadOnlySequence<byte> rest)
    {
        SequenceReader<byte> reader = new(rest);
        LineStep step = LineStep.Continue;
        while (step == LineStep.Continue
            && reader.TryReadTo(out ReadOnlySequence<byte> line, (byte)'\n'))
        {
            if (_tooLong || line.Length > protocol.LineBytesMax + 1)
            {
                _tooLong = false;
                step = protocol.OnLineTooLong(connection.Output);
                continue;
            }

            step = line.IsSingleSegment ? Handle(line.FirstSpan) : HandleCopy(line);
        }

        rest = reader.UnreadSequence;
        if (step == LineStep.Continue && rest.Length > protocol.LineBytesMax + 1)
        {
            _tooLong = true;
        }

        if (_tooLong && step == LineStep.Continue)
        {
            rest = rest.Slice(rest.End);
        }

        return step;
    }

    private LineStep HandleCopy(in ReadOnlySequence<byte> line)
    {
        byte[] whole = ArrayPool<byte>.Shared.Rent((int)line.Length);
        line.CopyTo(whole);
        LineStep step = Handle(whole.AsSpan(0, (int)line.Length));
        ArrayPool<byte>.Shared.Return(whole);
        return step;
    }

    private LineStep Handle(ReadOnlySpan<byte> line)
    {
        if (line is [.., (byte)'\r'])
        {
            line = line[..^1];
        }

        return line.Length > protocol.LineBytesMax
            ? protocol.OnLineTooLong(connection.Output)
            : protocol.OnLine(line, connection.Output);
    }
}
