using Kopis.Base;

namespace Kopis.Users.Recipients;

/// <summary>Which .qmail files may govern an address, and in which order (contract §7.6).</summary>
public static class DotQmailNames
{
    private static readonly byte[] DefaultWord = "default"u8.ToArray();

    /// <summary>
    /// The extension as file names have it. That dots become colons is also what keeps <c>..</c>
    /// out of paths.
    /// </summary>
    public static byte[] SafeExt(ReadOnlySpan<byte> ext)
    {
        byte[] safe = Ascii8.ToLower(ext);
        safe.AsSpan().Replace((byte)'.', (byte)':');
        return safe;
    }

    /// <summary>The name that belongs to this very address, with something added to it.</summary>
    public static byte[] Exact(
        ReadOnlySpan<byte> dash, ReadOnlySpan<byte> ext, ReadOnlySpan<byte> more) =>
        [.. ".qmail"u8, .. dash, .. SafeExt(ext), .. more];

    /// <summary>The names in order, each with what DEFAULT is if it is the one; null: not set.
    /// </summary>
    public static IEnumerable<(byte[] Name, byte[]? Default)> Candidates(byte[] dash, byte[] ext)
    {
        byte[] safe = SafeExt(ext);
        bool literal = safe.AsSpan().EndsWith(DefaultWord);
        yield return (Exact(dash, ext, []), literal ? ext[^DefaultWord.Length..] : null);
        for (int end = safe.Length; end >= 0; end--)
        {
            // The splitting character is always the hyphen, whatever the site's break character.
            if (end == 0 || safe[end - 1] == (byte)'-')
            {
                yield return (Exact(dash, ext.AsSpan(0, end), DefaultWord), ext[end..]);
            }
        }
    }
}
