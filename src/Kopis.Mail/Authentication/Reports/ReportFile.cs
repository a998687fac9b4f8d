using System.IO.Compression;

namespace Kopis.Mail.Authentication.Reports;

/// <summary>Finds the XML or JSON in a received file: it may be plain, in gzip, in a zip archive,
/// or in a part of a message. Only its first bytes decide what it is, not its name. Unpacking has a
/// limit, whatever size is claimed.</summary>
public sealed class ReportFile
{
    /// <summary>The largest file or message; large receivers send less than 10 MiB.</summary>
    public const int BytesMax = 25 * 1024 * 1024;

    /// <summary>The most bytes unpacked from one file.</summary>
    public const int UnpackedMax = 64 * 1024 * 1024;

    /// <summary>The most reports in one file.</summary>
    public const int ReportsMax = 20;

    private const int PackedMax = 2; // Layers: a zip archive in gzip is one too many.
    private const int EntriesMax = 100; // Of an archive.
    private const int MarkBytes = 4096; // Where the root element of a part begins.

    private readonly bool _isJson;
    private readonly List<byte[]> _found = [];
    private int _left = UnpackedMax;

    private ReportFile(bool isJson) => _isJson = isJson;

    /// <summary>Finds the documents.</summary>
    /// <param name="file">At most <see cref="BytesMax"/> bytes.</param>
    /// <param name="fault">Why there is no document, or not all; empty if nothing is wrong.</param>
    /// <param name="isJson">Whether to look for TLS reports instead of DMARC reports.</param>
    /// <returns>The documents, not parsed yet.</returns>
    public static IReadOnlyList<byte[]> Find(
        byte[] file, out string fault, bool isJson = false)
    {
        ReportFile found = new(isJson);
        try
        {
            found.Read(file);
            fault = found._found.Count > 0 ? "" : "no report in it";
        }
        catch (FormatException e)
        {
            fault = e.Message;
        }
        catch (Exception e) when (e is InvalidDataException or IOException or ArgumentException
            or NotSupportedException or OverflowException)
        {
            // Wrong offsets in an archive cause other exceptions than the first.
            fault = "damaged: cannot be unpacked";
        }

        return found._found;
    }

    private void Read(byte[] file)
    {
        if (IsPacked(file))
        {
            Unpack(file, PackedMax);
        }
        else if (IsDocument(file))
        {
            Add(file);
        }
        else
        {
            foreach (byte[] part in MailParts.Of(file))
            {
                if (IsPacked(part))
                {
                    Unpack(part, PackedMax);
                }
                else if (IsDocument(part) && IsReport(part))
                {
                    Add(part);
                }
            }
        }
    }

    private void Unpack(byte[] bytes, int layers)
    {
        if (!IsPacked(bytes))
        {
            if (IsDocument(bytes))
            {
                Add(bytes);
            }

            return;
        }

        if (layers == 0)
        {
            throw new FormatException("packed more than twice");
        }

        using MemoryStream packed = new(bytes);
        if (IsGzip(bytes))
        {
            using GZipStream gzip = new(packed, CompressionMode.Decompress);
            Unpack(ReadToLimit(gzip), layers - 1);
            return;
        }

        using ZipArchive archive = new(packed, ZipArchiveMode.Read);
        if (archive.Entries.Count > EntriesMax)
        {
            throw new FormatException($"over {EntriesMax} files in an archive");
        }

        foreach (ZipArchiveEntry entry in archive.Entries)
        {
            using Stream content = entry.Open();
            Unpack(ReadToLimit(content), layers - 1);
        }
    }

    private byte[] ReadToLimit(Stream stream)
    {
        MemoryStream whole = new();
        byte[] piece = new byte[64 * 1024];
        for (int read; (read = stream.Read(piece)) > 0;)
        {
            _left -= read;
            if (_left < 0)
            {
                throw new FormatException($"over {UnpackedMax} bytes unpacked");
            }

            whole.Write(piece, 0, read);
        }

        return whole.ToArray();
    }

    private void Add(byte[] document)
    {
        if (_found.Count == ReportsMax)
        {
            throw new FormatException($"over {ReportsMax} reports in a file");
        }

        _found.Add(document);
    }

    private static bool IsPacked(ReadOnlySpan<byte> bytes) => IsGzip(bytes) || IsZip(bytes);

    private static bool IsGzip(ReadOnlySpan<byte> bytes) => bytes is [0x1F, 0x8B, ..];

    private static bool IsZip(ReadOnlySpan<byte> bytes) => bytes.StartsWith("PK\x03\x04"u8);

    private bool IsDocument(ReadOnlySpan<byte> bytes) =>
        _isJson ? bytes.TrimStart(" \t\r\n"u8) is [(byte)'{', ..] : IsXml(bytes);

    /// <summary>Whether the encoding begins as ASCII, or with the byte order mark of UTF-8 or
    /// UTF-16.</summary>
    private static bool IsXml(ReadOnlySpan<byte> bytes) =>
        bytes is [0xEF, 0xBB, 0xBF, ..] or [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..]
        || bytes.TrimStart(" \t\r\n"u8) is [(byte)'<', ..];

    /// <summary>Whether it is not HTML.</summary>
    private bool IsReport(ReadOnlySpan<byte> bytes) => _isJson
        || bytes[..Math.Min(bytes.Length, MarkBytes)].IndexOf("feedback"u8) >= 0;
}
