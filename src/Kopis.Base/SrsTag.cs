namespace Kopis.Base;

/// <summary>The tag of an address of the Sender Rewriting Scheme: its local part begins with
/// <c>SRS0</c> or <c>SRS1</c>, in any case, and a separator.</summary>
public static class SrsTag
{
    /// <summary>Whether a local part has the form of SRS. Only its hash shows whether it is
    /// genuine.</summary>
    public static bool IsSrs(ReadOnlySpan<byte> local) =>
        Begins(local, "SRS0"u8) || Begins(local, "SRS1"u8);

    /// <summary>Whether an address has such a local part, and a domain.</summary>
    public static bool IsSrs(Address address) => address.HasAt && IsSrs(address.Local);

    /// <summary>Whether it begins with one of the two, and has something after the separator.
    /// </summary>
    public static bool Begins(ReadOnlySpan<byte> local, ReadOnlySpan<byte> tag) =>
        local.Length > tag.Length + 1 && Ascii8.StartsWithIgnoreCase(local, tag)
        && IsSeparator(local[tag.Length]);

    /// <summary>SRS allows one of three characters as the first separator.</summary>
    public static bool IsSeparator(byte one) => one is (byte)'=' or (byte)'+' or (byte)'-';
}
