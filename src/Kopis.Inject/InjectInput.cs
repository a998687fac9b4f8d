using System.Buffers;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Inject;

/// <summary>Reads a message from fd 0: first its header field by field, then the rest in pieces.
/// Header lines end in LF here, whatever their end was. If the line that ends the header ended in
/// CRLF, the CRLFs of the body become LFs too.</summary>
internal sealed class InjectInput
{
    /// <summary>A larger header is refused, because it is kept in memory.</summary>
    internal const int HeaderBytesMax = 64 * 1024 * 1024;

    private readonly byte[] _block = new byte[64 * 1024];
    private int _start;
    private int _end;
    private bool _ended;
    private LineEndDecoder? _decoder;

    /// <summary>The part of the body that was read with the header: its first line, if that line
    /// ended the header but was not empty.</summary>
    internal byte[] BodyStart { get; private set; } = [];

    /// <summary>Whether there is a body at all.</summary>
    internal bool HasBody { get; private set; }

    /// <summary>All fields, each with its continuation lines and ended by LF.</summary>
    /// <exception cref="ConfigurationException">The header is too large; 100.</exception>
    internal List<byte[]> ReadHeader()
    {
        List<byte[]> fields = [];
        ArrayBufferWriter<byte> field = new();
        long total = 0;
        bool isCrLf = false;
        while (ReadLine() is { } written)
        {
            byte[] line = WithoutCr(written);
            total += line.Length;
            if (total > HeaderBytesMax)
            {
                throw new ConfigurationException("header too large", ExitCode.Permanent);
            }

            bool continues = field.WrittenCount > 0 && line[0] is (byte)' ' or (byte)'\t';
            bool begins = line.AsSpan().StartsWith("From "u8) || InjectHeader.IsField(line);
            if (!continues && field.WrittenCount > 0)
            {
                fields.Add(field.WrittenSpan.ToArray());
                field.ResetWrittenCount();
            }

            if (!continues && !begins)
            {
                HasBody = true;
                bool isEmpty = line is [(byte)'\n'];
                isCrLf = isEmpty || fields.Count == 0 ? line != written : isCrLf;
                _decoder = isCrLf ? new LineEndDecoder() : null;
                BodyStart = isEmpty ? [] : isCrLf ? line : written;
                return fields;
            }

            isCrLf = line != written;
            field.Write(line);
        }

        if (field.WrittenCount > 0)
        {
            fields.Add(field.WrittenSpan.ToArray());
        }

        return fields;
    }

    /// <summary>The next piece of the body; empty at its end.</summary>
    internal ReadOnlyMemory<byte> ReadBody()
    {
        while (true)
        {
            if (_start == _end)
            {
                Fill();
            }

            ReadOnlyMemory<byte> piece = _block.AsMemory(_start, _end - _start);
            _start = _end;
            ReadOnlyMemory<byte> decoded =
                _decoder is null || piece.IsEmpty ? piece : _decoder.Decode(piece.Span);
            if (piece.IsEmpty || !decoded.IsEmpty)
            {
                return decoded; // A last CR is kept back until its LF arrives.
            }
        }
    }

    /// <summary>The line without the CR before its LF, if there is one.</summary>
    private static byte[] WithoutCr(byte[] line)
    {
        ReadOnlySpan<byte> text = line.AsSpan(0, line.Length - 1).TrimEnd((byte)'\r');
        return text.Length < line.Length - 1 ? [.. text, (byte)'\n'] : line;
    }

    /// <summary>One line with its LF, which is added if the last line lacks it; null at the end.
    /// </summary>
    private byte[]? ReadLine()
    {
        ArrayBufferWriter<byte> line = new(128);
        while (!_ended || _start < _end)
        {
            if (_start == _end)
            {
                Fill();
                continue;
            }

            ReadOnlySpan<byte> rest = _block.AsSpan(_start, _end - _start);
            int end = rest.IndexOf((byte)'\n');
            ReadOnlySpan<byte> piece = end < 0 ? rest : rest[..(end + 1)];
            line.Write(piece);
            _start += piece.Length;
            if (end >= 0)
            {
                return line.WrittenSpan.ToArray();
            }

            if (line.WrittenCount > HeaderBytesMax)
            {
                throw new ConfigurationException("header too large", ExitCode.Permanent);
            }
        }

        line.Write(line.WrittenCount > 0 ? "\n"u8 : ""u8);
        return line.WrittenCount > 0 ? line.WrittenSpan.ToArray() : null;
    }

    private void Fill()
    {
        _start = 0;
        _end = Math.Max(0, Fd.Read(0, _block));
        _ended = _end == 0;
    }
}
