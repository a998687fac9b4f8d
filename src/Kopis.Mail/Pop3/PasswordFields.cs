namespace Kopis.Mail.Pop3;

/// <summary>What a checkpassword program reads from its descriptor 3 (contract §10.1): a name, a
/// secret and a stamp, each ended by NUL.</summary>
public static class PasswordFields
{
    /// <summary>The most bytes of all three that a checkpassword takes.</summary>
    public const int BytesMax = 512;

    /// <summary>The bytes; none of the fields may hold a NUL.</summary>
    public static byte[] Format(
        ReadOnlySpan<byte> name, ReadOnlySpan<byte> secret, ReadOnlySpan<byte> stamp) =>
        [.. name, 0, .. secret, 0, .. stamp, 0];

    /// <summary>Reads name and secret; what follows the three fields is reserved.</summary>
    /// <returns>False if they are too long, or not all there.</returns>
    public static bool TryParse(
        ReadOnlySpan<byte> fields, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> secret)
    {
        ReadOnlySpan<byte> rest = fields;
        return TryCut(ref rest, out name) & TryCut(ref rest, out secret)
            & TryCut(ref rest, out _) & fields.Length <= BytesMax;
    }

    private static bool TryCut(
        scoped ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> field)
    {
        int end = rest.IndexOf((byte)0);
        field = rest[..Math.Max(0, end)];
        rest = rest[(end + 1)..];
        return end >= 0;
    }
}
