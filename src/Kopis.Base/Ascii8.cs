namespace Kopis.Base;

/// <summary>ASCII letters in byte strings: the only case rule that qmail and SMTP share.</summary>
public static class Ascii8
{
    /// <summary>Lowers A–Z and leaves every other byte as it is.</summary>
    public static byte ToLower(byte value) =>
        value is >= (byte)'A' and <= (byte)'Z' ? (byte)(value + 32) : value;

    /// <summary>A copy with A–Z lowered and every other byte unchanged.</summary>
    public static byte[] ToLower(ReadOnlySpan<byte> text)
    {
        byte[] lower = text.ToArray();
        for (int i = 0; i < lower.Length; i++)
        {
            lower[i] = ToLower(lower[i]);
        }

        return lower;
    }

    /// <summary>Whether two byte strings are equal, ignoring the case of A–Z only.</summary>
    public static bool EqualsIgnoreCase(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        if (left.Length != right.Length)
        {
            return false;
        }

        for (int i = 0; i < left.Length; i++)
        {
            if (ToLower(left[i]) != ToLower(right[i]))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether <paramref name="text"/> begins with the word, ignoring case.</summary>
    public static bool StartsWithIgnoreCase(ReadOnlySpan<byte> text, ReadOnlySpan<byte> word) =>
        text.Length >= word.Length && EqualsIgnoreCase(text[..word.Length], word);
}
