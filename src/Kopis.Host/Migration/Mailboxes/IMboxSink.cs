namespace Kopis.Host.Migration.Mailboxes;

/// <summary>Takes the messages of an mbox, one after another.</summary>
internal interface IMboxSink
{
    /// <summary>A message begins.</summary>
    /// <param name="separator">Its From_ line, without line end.</param>
    void Begin(ReadOnlySpan<byte> separator);

    /// <summary>The next bytes of it.</summary>
    void Write(ReadOnlySpan<byte> bytes);

    /// <summary>It is whole.</summary>
    /// <param name="flags">Of a Maildir, in ASCII order; null: the message is new.</param>
    void End(string? flags);
}
