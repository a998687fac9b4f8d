namespace Kopis.Users.Recipients;

/// <summary>The keys by which fastforward looks up an address, in order: the address, its host, its
/// local part.</summary>
public static class ForwardKeys
{
    /// <summary>The keys; none if the address has no at sign.</summary>
    public static IEnumerable<byte[]> Of(byte[] address)
    {
        int at = Array.LastIndexOf(address, (byte)'@');
        return at < 0 ? [] : [address, address[at..], address[..(at + 1)]];
    }
}
