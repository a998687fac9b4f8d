using System.Buffers;
using System.Buffers.Text;
using Kopis.Base;

namespace Kopis.Net.Listener;

/// <summary>Compiles tcprules' text to its cdb (contract §12.2).</summary>
public sealed class TcpRulesCompiler
{
    private readonly CdbWriter _writer = new();

    /// <summary>Adds one line, without its LF.</summary>
    /// <returns>False if it cannot be parsed.</returns>
    public bool TryAdd(ReadOnlySpan<byte> line)
    {
        line = WrittenLine.TrimEnd(line);
        if (line.IsEmpty || line[0] == (byte)'#')
        {
            return true;
        }

        int colon = RuleColon(line);
        if (colon < 0)
        {
            return line.IndexOf((byte)':') < 0; // Lines without a colon are skipped.
        }

        ReadOnlySpan<byte> address = line[..colon];
        return TryParseInstructions(line[(colon + 1)..], out byte[] data)
            && TryAddAddress(address, data);
    }

    /// <summary>The bytes of the cdb.</summary>
    public byte[] ToArray() => _writer.ToArray();

    // Finds the colon before allow or deny, since an IPv6 address has colons of its own.
    private static int RuleColon(ReadOnlySpan<byte> line)
    {
        for (int i = 0; i < line.Length; i++)
        {
            if (line[i] == (byte)':'
                && (line[(i + 1)..].StartsWith("allow"u8) || line[(i + 1)..].StartsWith("deny"u8)))
            {
                return i;
            }
        }

        return -1;
    }

    private static bool TryParseInstructions(ReadOnlySpan<byte> text, out byte[] data)
    {
        ArrayBufferWriter<byte> to = new();
        data = [];
        if (text.StartsWith("deny"u8))
        {
            to.Write("D\0"u8);
            text = text["deny".Length..];
        }
        else if (text.StartsWith("allow"u8))
        {
            text = text["allow".Length..];
        }
        else
        {
            return false;
        }

        while (!text.IsEmpty)
        {
            // ,NAME=qVALUEq, where q may be any byte.
            int equals = text.IndexOf((byte)'=');
            if (text[0] != (byte)',' || equals < 0 || equals + 1 == text.Length)
            {
                return false;
            }

            ReadOnlySpan<byte> quoted = text[(equals + 2)..];
            int end = quoted.IndexOf(text[equals + 1]);
            if (end < 0)
            {
                return false;
            }

            to.Write("+"u8);
            to.Write(text[1..(equals + 1)]);
            to.Write(quoted[..end]);
            to.Write("\0"u8);
            text = quoted[(end + 1)..];
        }

        data = to.WrittenSpan.ToArray();
        return true;
    }

    // 1.2.3.4-9 and 1.2.3-5. stand for each number in the range.
    private bool TryAddAddress(ReadOnlySpan<byte> address, ReadOnlySpan<byte> data)
    {
        // A slash means a network, but in what ident may tell or where a host's name is meant.
        ReadOnlySpan<byte> place = new Address(address).DomainOrAll;
        if (!place.StartsWith("="u8) && place.IndexOf((byte)'/') >= 0)
        {
            if (place.Length < address.Length || !NetworkKey.TryParse(place, out byte[] network))
            {
                return false;
            }

            _writer.Add(network, data);
            return true;
        }

        int dash = address.IndexOf((byte)'-');
        if (dash < 0 || address.IndexOfAny("=@:"u8) >= 0)
        {
            _writer.Add(address, data);
            return true;
        }

        int first = address[..dash].LastIndexOf((byte)'.') + 1;
        ReadOnlySpan<byte> upper = address[(dash + 1)..];
        int dot = upper.IndexOf((byte)'.');
        ReadOnlySpan<byte> rest = dot < 0 ? [] : upper[dot..];
        if (!TryReadNumber(address[first..dash], out uint from)
            || !TryReadNumber(dot < 0 ? upper : upper[..dot], out uint to))
        {
            return false;
        }

        for (uint octet = from; octet <= Math.Min(to, 255); octet++)
        {
            byte[] key = [.. address[..first], .. ByteText.ToBytes($"{octet}"), .. rest];
            _writer.Add(key, data);
        }

        return true;
    }

    private static bool TryReadNumber(ReadOnlySpan<byte> text, out uint number)
    {
        number = 0;
        return text.IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0
            && Utf8Parser.TryParse(text, out number, out _);
    }
}
