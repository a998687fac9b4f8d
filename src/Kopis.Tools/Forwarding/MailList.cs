using Kopis.Base;

namespace Kopis.Tools.Forwarding;

/// <summary>A list of addresses in the format of fastforward. Each entry ends in NUL and is
/// <c>&amp;address</c>, or the name of another list, which begins with a dot or a slash.</summary>
internal static class MailList
{
    /// <summary>Makes a list from lines of setmaillist.</summary>
    /// <exception cref="ConfigurationException">They cannot be parsed.</exception>
    internal static byte[] Compile(ReadOnlySpan<byte> text)
    {
        if (text.Contains((byte)0))
        {
            throw new ConfigurationException("NUL in input");
        }

        List<byte> list = [];
        foreach (Range range in text.Split((byte)'\n'))
        {
            ReadOnlySpan<byte> line = WrittenLine.TrimEnd(text[range]);
            if (line.IsEmpty || line[0] == (byte)'#')
            {
                continue;
            }

            bool isFile = line[0] is (byte)'.' or (byte)'/';
            if (!isFile)
            {
                line = line[0] == (byte)'&' ? line[1..] : line;
                list.Add((byte)'&');
            }

            if (line.IsEmpty)
            {
                throw new ConfigurationException("empty recipient addresses not permitted");
            }

            if (!isFile && line.Length > ForwardTable.AddressBytesMax)
            {
                throw new ConfigurationException("addresses must be under 800 bytes");
            }

            list.AddRange(line);
            list.Add(0);
        }

        return [.. list];
    }

    /// <summary>The entries of a list.</summary>
    /// <exception cref="InvalidDataException">The bytes are not a list.</exception>
    internal static List<byte[]> Entries(ReadOnlySpan<byte> list)
    {
        List<byte[]> entries = ForwardTable.SplitAtNul(list);
        return entries.TrueForAll(entry => entry is [(byte)'&' or (byte)'.' or (byte)'/', ..]
            && !entry.AsSpan().Contains((byte)'\n'))
            ? entries
            : throw new InvalidDataException("bad mailing list format");
    }
}
