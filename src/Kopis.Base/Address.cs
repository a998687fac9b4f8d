namespace Kopis.Base;

/// <summary>
/// A mail address by its parts: the last <c>@</c> divides. This and <see cref="TextAddress"/> are
/// the places that look for it. Spans of the caller's bytes: nothing is copied.
/// </summary>
/// <remarks>
/// <code>
/// text       HasAt  Local  Domain  AtDomain  DomainOrAll
/// joe@host   true   joe    host    @host     host
/// a@b@host   true   a@b    host    @host     host
/// @host      true   (none) host    @host     host
/// joe@       true   joe    (none)  @         (none)
/// joe        false  joe    (none)  (none)    joe
/// </code>
/// A word without an <c>@</c> is a local part without a domain, as it is for qmail's rcpthosts,
/// badmailfrom and envnoathost. <see cref="DomainOrAll"/> is for what reads it as a domain.
/// </remarks>
public readonly ref struct Address
{
    /// <summary>Divides an address.</summary>
    /// <param name="text">Unquoted, as envelopes have it.</param>
    public Address(ReadOnlySpan<byte> text)
    {
        int at = text.LastIndexOf((byte)'@');
        Local = at < 0 ? text : text[..at];
        AtDomain = at < 0 ? [] : text[at..];
    }

    /// <summary>Whether there is an <c>@</c>. There may be nothing on either side of it.</summary>
    public bool HasAt => !AtDomain.IsEmpty;

    /// <summary>Whether there is something on both sides of the <c>@</c>.</summary>
    public bool IsComplete => AtDomain.Length > 1 && !Local.IsEmpty;

    /// <summary>What is before the last <c>@</c>; all of a word without one.</summary>
    public ReadOnlySpan<byte> Local { get; }

    /// <summary>The last <c>@</c> and what follows; empty without one. <see cref="Local"/> and
    /// this are the whole address.</summary>
    public ReadOnlySpan<byte> AtDomain { get; }

    /// <summary>What follows the last <c>@</c>; empty without one.</summary>
    public ReadOnlySpan<byte> Domain => HasAt ? AtDomain[1..] : [];

    /// <summary>What follows the last <c>@</c>; all of a word without one. For texts in which a
    /// name and its <c>@</c> may be left out before a domain, and for keys and tables by domain, in
    /// which a word without one is not the same as none.</summary>
    public ReadOnlySpan<byte> DomainOrAll => HasAt ? AtDomain[1..] : Local;

    /// <summary>Whether two are one recipient: the local parts are equal, and the domains are
    /// except for the case of ASCII letters.</summary>
    /// <param name="left">An address.</param>
    /// <param name="right">Another.</param>
    public static bool AreSame(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        if (left.Length != right.Length)
        {
            return false;
        }

        Address parts = new(left);
        int local = parts.Local.Length;
        return parts.Local.SequenceEqual(right[..local])
            && Ascii8.EqualsIgnoreCase(parts.AtDomain, right[local..]);
    }
}
