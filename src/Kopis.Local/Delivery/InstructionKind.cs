namespace Kopis.Local.Delivery;

/// <summary>The kinds of lines in a .qmail file (contract §7.7).</summary>
internal enum InstructionKind
{
    /// <summary>A comment, or an unknown line that begins with <c>+</c>.</summary>
    Nothing,

    /// <summary>An empty line: an error if it is the first.</summary>
    Blank,

    /// <summary>Append to an mbox file.</summary>
    Mbox,

    /// <summary>Store in a Maildir.</summary>
    Maildir,

    /// <summary>Run a shell command.</summary>
    Program,

    /// <summary>Forward to an address.</summary>
    Forward,

    /// <summary><c>lmtp:/PATH</c>: pass the message to an LMTP server. Only in the default
    /// delivery; elsewhere it is a forward.</summary>
    Lmtp,

    /// <summary><c>+list</c>: files and programs are not allowed from here on.</summary>
    ForwardOnly,
}
