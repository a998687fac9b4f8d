using System.Buffers;

namespace Kopis.Mail.Qmtp;

/// <summary>A message and its envelope as netstrings, as they arrive: QMTP or QMQP. No I/O.
/// </summary>
public interface ITransferReader
{
    /// <summary>Whether any byte of a message has come since the last complete one.</summary>
    bool IsBegun { get; }

    /// <summary>Whether the message will be refused, so that the rest of it need not be kept.
    /// </summary>
    bool IsUnwanted { get; }

    /// <summary>Reads the next bytes.</summary>
    /// <param name="bytes">What arrived, in pieces of any size.</param>
    /// <param name="message">Receives the bytes that belong to the message, with lines ended by LF:
    /// at most one byte more than <paramref name="bytes"/> has.</param>
    /// <param name="used">How many bytes were taken: all, unless the step is not More.</param>
    TransferStep Read(ReadOnlySpan<byte> bytes, IBufferWriter<byte> message, out int used);
}
