namespace Kopis.Mail.Addresses;

/// <summary>The kinds of tokens of a structured header field (RFC 822 §3.3).</summary>
internal enum AddressTokenKind
{
    /// <summary>A run of ordinary bytes.</summary>
    Atom,

    /// <summary>A quoted string, with its quotes.</summary>
    Quote,

    /// <summary>A domain literal, with its brackets.</summary>
    Literal,

    /// <summary>A comment, with its parentheses.</summary>
    Comment,

    /// <summary>One of <c>, ; : &lt; &gt; @ .</c></summary>
    Special,
}
