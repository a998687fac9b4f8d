namespace Kopis.Local;

/// <summary>What a line of a .qmail file asks for (contract §7.7).</summary>
internal enum InstructionKind
{
    /// <summary><c>|command</c></summary>
    Program,

    /// <summary>A path that ends in a slash.</summary>
    Maildir,

    /// <summary>Another path.</summary>
    Mbox,

    /// <summary><c>&amp;address</c>, or any other text.</summary>
    Forward,

    /// <summary><c>+list</c>: from here on nothing but forwards.</summary>
    ForwardOnly,

    /// <summary>The first line is blank: the file is not meant.</summary>
    BlankFirstLine,
}
