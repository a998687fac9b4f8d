using Kopis.Base;

namespace Kopis.Users.Recipients;

/// <summary>Which .qmail files may apply to an address, and in which order (contract §7.6).
/// </summary>
public static class DotQmailNames
{
    private static readonly byte[] DefaultWord = "default"u8.ToArray();

    /// <summary>The extension as it stands in file names. Dots become colons, which also keeps
    /// <c>..</c> out of paths.</summary>
    public static byte[] SafeExt(ReadOnlySpan<byte> ext)
    {
        byte[] safe = Ascii8.ToLower(ext);
        safe.AsSpan().Replace((byte)'.', (byte)':');
        return safe;
    }

    /// <summary>The name for exactly this address, with something added to it.</summary>
    public static byte[] Exact(
        ReadOnlySpan<byte> dash, ReadOnlySpan<byte> ext, ReadOnlySpan<byte> more) =>
        [.. ".qmail"u8, .. dash, .. SafeExt(ext), .. more];

    /// <summary>The names in order, each with the value that DEFAULT has if that file is used;
    /// null: not set.</summary>
    public static IEnumerable<(byte[] Name, byte[]? Default)> Candidates(byte[] dash, byte[] ext)
    {
        byte[] safe = SafeExt(ext);
        bool literal = safe.AsSpan().EndsWith(DefaultWord);
        yield return (Exact(dash, ext, []), literal ? ext[^DefaultWord.Length..] : null);
        for (int end = safe.Length; end >= 0; end--)
        {
            // Extensions are split at the hyphen, even if the site's break character is another
            // one.
            if (end == 0 || safe[end - 1] == (byte)'-')
            {
                yield return (Exact(dash, ext.AsSpan(0, end), DefaultWord), ext[end..]);
            }
        }
    }
}
