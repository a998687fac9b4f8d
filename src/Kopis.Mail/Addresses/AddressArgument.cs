namespace Kopis.Mail.Addresses;

/// <summary>An address as a command-line argument. Its local part is taken literally, as in
/// qmail-inject; but a word with brackets around an address, or with commas between addresses, is
/// parsed like a header field, as in other sendmails.</summary>
public static class AddressArgument
{
    /// <summary>All addresses that a word names.</summary>
    /// <returns>Null if the word is ambiguous. The address of <c>&lt;&gt;</c> is empty.</returns>
    public static IReadOnlyList<byte[]>? Read(ReadOnlySpan<byte> word, AddressDefaults defaults)
    {
        word = word.Trim(" \t"u8);
        if (word.ContainsAny("\n\0"u8))
        {
            return null;
        }

        if (!IsList(word))
        {
            return AddressList.Complete(word, defaults) is { } only ? [only] : null;
        }

        AddressList list = AddressList.Read(word, defaults);
        return list is { IsWhole: true, IsUnclear: false, Addresses.Count: > 0 }
            ? list.Addresses
            : null;
    }

    /// <summary>The text between a word's brackets, which count only if the word ends with one.
    /// </summary>
    public static ReadOnlySpan<byte> WithoutBrackets(ReadOnlySpan<byte> word)
    {
        word = word.Trim(" \t"u8);
        int open = word.LastIndexOf((byte)'<');
        return word is [.., (byte)'>'] && open >= 0 ? word[(open + 1)..^1] : word;
    }

    private static bool IsList(ReadOnlySpan<byte> word)
    {
        int at = word.IndexOf((byte)'@');
        return word is [(byte)'<', ..] or [.., (byte)'>']
            || word[(at + 1)..].Contains((byte)',');
    }
}
