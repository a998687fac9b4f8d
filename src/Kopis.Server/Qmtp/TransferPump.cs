using System.Buffers;
using System.IO.Pipelines;
using Kopis.Base;
using Kopis.Mail.Authentication.Results;
using Kopis.Mail.Header;
using Kopis.Mail.Qmtp;
using Kopis.Mail.Smtp;
using Kopis.Net;

namespace Kopis.Server.Qmtp;

/// <summary>Passes messages of QMTP or QMQP from a connection to their grammar and, in blocks, to
/// the queue.</summary>
/// <param name="connection">The client.</param>
/// <param name="protocol">QMTP or QMQP, for the Received line.</param>
/// <param name="time">The clock.</param>
internal sealed class TransferPump(
    Connection connection, ReadOnlyMemory<byte> protocol, TimeProvider time)
{
    /// <summary>How long a whole session may take (contract §9.2).</summary>
    internal static readonly TimeSpan SessionMax = TimeSpan.FromSeconds(3600);

    // How many bytes of replies are held in memory; after that they are sent.
    private const int AnswerBytesMax = 64 * 1024;

    private readonly ArrayBufferWriter<byte> _unfiltered = new();
    private readonly ConnectionEnds _peer = ConnectionEnds.Of(connection.Environment);

    /// <summary>Removes forged results from the message; null if nothing is to be removed.
    /// </summary>
    internal ForgedResultsFilter? Filter { get; set; }

    /// <summary>The fields that identify the message.</summary>
    internal MessageNames Names { get; private set; } = new();

    /// <summary>The bytes of the message as they came, apart from line ends.</summary>
    internal long MessageBytes { get; private set; }

    /// <summary>The exit code of a session whose client is gone, slow or done.</summary>
    internal int EndCode => connection.IsTimedOut ? ExitCode.Temporary : ExitCode.Success;

    /// <summary>Reads one message. What follows it stays in the connection.</summary>
    /// <param name="reader">The grammar at the start of a message.</param>
    /// <param name="upload">Gets the message.</param>
    /// <param name="stop">Ends the wait for a message, but not a message that has begun.</param>
    /// <returns>Null if the message is complete; else the exit code.</returns>
    internal async Task<int?> ReadAsync(
        ITransferReader reader, MessageUpload upload, CancellationToken stop)
    {
        (Names, MessageBytes) = (new MessageNames(), 0);
        using CancellationTokenRegistration wake = stop.UnsafeRegister(
            static input => ((PipeReader)input!).CancelPendingRead(), connection.Input);
        while (true)
        {
            if (!await TryFlushAsync(atLeast: 1)
                || await connection.TryReadAsync() is not { } read)
            {
                return EndCode;
            }

            if (!reader.IsBegun && !read.Buffer.IsEmpty)
            {
                ReceivedLine.Write(
                    upload.Block, _peer, helo: null, protocol.Span, time.GetUtcNow());
            }

            ReadOnlySequence<byte> rest = read.Buffer;
            TransferStep step;
            while ((step = Decode(reader, upload.Block, ref rest)) == TransferStep.More
                && !rest.IsEmpty)
            {
                await (reader.IsUnwanted ? upload.AbandonAsync() : upload.SendBlockAsync());
            }

            connection.Input.AdvanceTo(rest.Start);
            if (step != TransferStep.More)
            {
                Filter?.End(upload.Block);
                return step switch
                {
                    TransferStep.Whole => null,
                    TransferStep.BadProtocol => ExitCode.Permanent,
                    _ => ExitCode.Temporary,
                };
            }

            if (read.IsCompleted)
            {
                return ExitCode.Success; // As in qmail: the client has changed its mind.
            }

            if (stop.IsCancellationRequested && !reader.IsBegun)
            {
                return ExitCode.Temporary;
            }
        }
    }

    /// <summary>Sends replies, once there are enough bytes of them.</summary>
    /// <returns>False if the client is gone or the time is over.</returns>
    internal async ValueTask<bool> TryFlushAsync(int atLeast = AnswerBytesMax) =>
        connection.Output.UnflushedBytes < atLeast || await connection.FlushAsync();

    // Stops when the block is full. Then something is left, and the step is More.
    private TransferStep Decode(
        ITransferReader reader, PooledBuffer block, ref ReadOnlySequence<byte> rest)
    {
        TransferStep step = TransferStep.More;
        while (step == TransferStep.More && !rest.IsEmpty && block.Free > 1)
        {
            // The grammar may hold back one byte.
            ReadOnlySpan<byte> piece = rest.FirstSpan;
            piece = piece[..Math.Min(piece.Length, block.Free - 1)];
            int used;
            if (Filter is { IsOver: false } filter)
            {
                step = reader.Read(piece, _unfiltered, out used);
                Note(_unfiltered.WrittenSpan);
                filter.Read(_unfiltered.WrittenSpan, block);
                _unfiltered.ResetWrittenCount();
            }
            else
            {
                int before = block.Count;
                step = reader.Read(piece, block, out used);
                Note(block.Written.Span[before..]);
            }

            rest = rest.Slice(used);
        }

        return step;
    }

    private void Note(ReadOnlySpan<byte> message)
    {
        Names.Append(message);
        MessageBytes += message.Length;
    }
}
