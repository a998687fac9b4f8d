namespace Kopis.Base;

/// <summary>The mark of an address of the Sender Rewriting Scheme: <c>SRS0</c> or <c>SRS1</c> and
/// a separator begin its local part, in any case.</summary>
public static class SrsTag
{
    /// <summary>Whether a local part has the form of SRS: what else it is, its hash decides.
    /// </summary>
    public static bool IsSrs(ReadOnlySpan<byte> local) =>
        Begins(local, "SRS0"u8) || Begins(local, "SRS1"u8);

    /// <summary>Whether it begins with one of the two, and has something after the separator.
    /// </summary>
    public static bool Begins(ReadOnlySpan<byte> local, ReadOnlySpan<byte> tag) =>
        local.Length > tag.Length + 1 && Ascii8.StartsWithIgnoreCase(local, tag)
        && IsSeparator(local[tag.Length]);

    /// <summary>SRS lets makers choose one of three for the first separator.</summary>
    public static bool IsSeparator(byte one) => one is (byte)'=' or (byte)'+' or (byte)'-';
}
