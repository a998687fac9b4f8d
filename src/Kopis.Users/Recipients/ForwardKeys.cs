namespace Kopis.Users.Recipients;

/// <summary>In which order fastforward looks an address up: itself, its host, its box.</summary>
public static class ForwardKeys
{
    /// <summary>The targets; none if the address has no at sign.</summary>
    public static IEnumerable<byte[]> Of(byte[] address)
    {
        int at = Array.LastIndexOf(address, (byte)'@');
        return at < 0 ? [] : [address, address[at..], address[..(at + 1)]];
    }
}
