namespace Kopis.Mail.Addresses;

/// <summary>
/// An address as an argument: the box is literal, as qmail-inject has it; but what has brackets
/// around the address, or commas between addresses, is read as a header is, as by other sendmails.
/// </summary>
public static class AddressArgument
{
    /// <summary>All addresses that a word names.</summary>
    /// <returns>Null if it is not clear; that of <c>&lt;&gt;</c> is empty.</returns>
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

    /// <summary>What is between a word's brackets, which are taken for none if it does not
    /// end with one.</summary>
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
