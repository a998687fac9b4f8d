namespace Kopis.Local.Delivery;

/// <summary>What one line of a .qmail file asks for (contract §7.7).</summary>
internal enum InstructionKind
{
    /// <summary>A comment, or a <c>+</c> line that nobody knows.</summary>
    Nothing,

    /// <summary>An empty line: an error if it is the first.</summary>
    Blank,

    /// <summary>Append to a file.</summary>
    Mbox,

    /// <summary>Store in a directory.</summary>
    Maildir,

    /// <summary>Run a shell command.</summary>
    Program,

    /// <summary>Send on to an address.</summary>
    Forward,

    /// <summary><c>lmtp:/PATH</c>: hand it to an LMTP server. In the default delivery alone:
    /// elsewhere it is a forward.</summary>
    Lmtp,

    /// <summary><c>+list</c>: from here on, no files and no programs.</summary>
    ForwardOnly,
}
