namespace Kopis.Mail.Pop3;

/// <summary>The messages of one mailbox as they were at login, by index from 0.</summary>
public interface IPop3Maildrop
{
    /// <summary>How many.</summary>
    int Count { get; }

    /// <summary>The size of the file in bytes; its lines end in LF.</summary>
    long SizeOf(int index);

    /// <summary>What names the message from session to session.</summary>
    ReadOnlySpan<byte> UniqueIdOf(int index);
}
