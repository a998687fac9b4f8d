namespace Kopis.Remote.Sources;

/// <summary>What the name in a line of control/sourceaddresses refers to.</summary>
internal enum SourceKind : byte
{
    /// <summary>The recipient's domain.</summary>
    Recipient,

    /// <summary>The envelope sender: the whole address, or its domain.</summary>
    Sender,

    /// <summary>The server.</summary>
    Server,
}
