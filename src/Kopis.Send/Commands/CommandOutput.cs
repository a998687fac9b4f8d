using System.Buffers;

namespace Kopis.Send.Commands;

/// <summary>Answers of one command that are not sent yet.</summary>
internal sealed class CommandOutput
{
    private const int FullBytes = 64 * 1024; // A caller that reads slowly makes a command wait.

    /// <summary>What is to be sent.</summary>
    internal ArrayBufferWriter<byte> Bytes { get; } = new(1024);

    /// <summary>Of it, what has been sent.</summary>
    internal int Sent { get; set; }

    /// <summary>The last answer is written.</summary>
    internal bool IsComplete { get; set; }

    /// <summary>The caller is gone.</summary>
    internal bool IsClosed { get; set; }

    internal bool HasRest => Bytes.WrittenCount > Sent;

    internal bool IsFull => Bytes.WrittenCount - Sent >= FullBytes;

    /// <summary>All is sent.</summary>
    internal void Clear()
    {
        Bytes.ResetWrittenCount();
        Sent = 0;
    }
}
