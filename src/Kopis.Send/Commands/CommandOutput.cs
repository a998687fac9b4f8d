using System.Buffers;

namespace Kopis.Send.Commands;

/// <summary>The answers of one command that are not sent yet.</summary>
internal sealed class CommandOutput
{
    private const int FullBytes = 64 * 1024; // A command waits while its caller reads slowly.

    /// <summary>The bytes to send.</summary>
    internal ArrayBufferWriter<byte> Bytes { get; } = new(1024);

    /// <summary>How many of them have been sent.</summary>
    internal int Sent { get; set; }

    /// <summary>Whether the last answer is written.</summary>
    internal bool IsComplete { get; set; }

    /// <summary>Whether the caller is gone.</summary>
    internal bool IsClosed { get; set; }

    internal bool HasRest => Bytes.WrittenCount > Sent;

    internal bool IsFull => Bytes.WrittenCount - Sent >= FullBytes;

    /// <summary>Drops the bytes, when all are sent.</summary>
    internal void Clear()
    {
        Bytes.ResetWrittenCount();
        Sent = 0;
    }
}
