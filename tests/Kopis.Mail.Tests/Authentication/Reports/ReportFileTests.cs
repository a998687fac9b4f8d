using System.IO.Compression;
using System.Text;
using Kopis.Mail.Authentication.Reports;
using MimeKit;

namespace Kopis.Mail.Tests.Authentication.Reports;

/// <summary>What reports come in.</summary>
public sealed class ReportFileTests
{
    private static readonly byte[] Xml = File.ReadAllBytes(
        Path.Combine(AppContext.BaseDirectory, "Authentication/Reports/rfc9990.txt"));

    [Fact]
    public void XML_gzip_and_zip_are_known_by_their_bytes()
    {
        Assert.Equal(Xml, Only(Xml));
        Assert.Equal(Xml, Only(Gzip(Xml)));
        Assert.Equal(Xml, Only(Zip(Xml)));
        Assert.Equal(Xml, Only(Gzip(Gzip(Xml))));
        byte[] marked = [0xEF, 0xBB, 0xBF, .. Xml];
        Assert.Equal(marked, Only(marked));
        Assert.NotNull(AggregateReportReader.Read(marked, out _));
        byte[] wide = Encoding.Unicode.GetPreamble().Concat(Encoding.Unicode.GetBytes(
            Encoding.UTF8.GetString(Xml).Replace("UTF-8", "UTF-16", StringComparison.Ordinal)))
            .ToArray();
        Assert.NotNull(AggregateReportReader.Read(Only(wide), out _));
    }

    public static TheoryData<string, ContentEncoding, string> Mails => new()
    {
        { "application/gzip", ContentEncoding.Base64, "mixed" },
        { "application/zip", ContentEncoding.Base64, "alone" },
        { "application/octet-stream", ContentEncoding.Base64, "forwarded" },
        { "text/xml", ContentEncoding.QuotedPrintable, "mixed" },
        { "text/xml", ContentEncoding.EightBit, "forwarded" },
    };

    [Theory, MemberData(nameof(Mails))]
    public void A_message_with_one_is_read(string type, ContentEncoding encoding, string form)
    {
        foreach (bool isUnix in (bool[])[true, false])
        {
            byte[] message = Mail(type, encoding, form, isUnix);

            AggregateReport? report = AggregateReportReader.Read(Only(message), out string fault);

            Assert.True(report is not null, fault);
            Assert.Equal(123, report!.Messages);
        }
    }

    [Fact]
    public void A_message_cut_at_any_byte_does_no_harm()
    {
        byte[] message = Mail("application/gzip", ContentEncoding.Base64, "forwarded", true);
        for (int length = 0; length < message.Length; length++)
        {
            foreach (byte[] one in ReportFile.Find(message[..length], out _))
            {
                AggregateReportReader.Read(one, out _);
            }
        }
    }

    [Fact]
    public void Mail_without_a_report_has_none()
    {
        byte[] mail = "Subject: x\n\n<html>hi</html>\n"u8.ToArray();
        Assert.Empty(ReportFile.Find(mail, out string fault));
        Assert.Equal("no report in it", fault);
        Assert.Empty(ReportFile.Find([], out _));
    }

    [Theory, InlineData(0x00), InlineData(0x01), InlineData(0x7F), InlineData(0x80)]
    public void An_archive_whose_end_lies_nowhere_is_damaged(byte most)
    {
        byte[] zip = Zip(Xml);
        byte[] end = zip[^22..]; // APPNOTE.TXT §4.3.16, without a comment.
        end.AsSpan(8, 12).Fill(0xFF); // See the other end, of §4.3.14; §4.3.15 says where it is.
        byte[] place =
            [0x50, 0x4B, 6, 7, 0, 0, 0, 0, 0, 0, 0, 0x80, 0, 0, 0, most, 1, 0, 0, 0];
        Assert.Empty(ReportFile.Find([.. zip[..^22], .. place, .. end], out string fault));
        Assert.StartsWith("damaged", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void An_archive_with_any_wrong_byte_does_no_harm()
    {
        byte[] zip = Zip(Xml);
        for (int at = 4; at < zip.Length; at++)
        {
            foreach (byte wrong in (byte[])[0, 1, 0x7F, 0x80, 0xFF])
            {
                byte[] other = [.. zip];
                other[at] = wrong;
                ReportFile.Find(other, out _);
            }
        }
    }

    [Fact]
    public void A_bomb_is_not_unpacked()
    {
        byte[] bomb = Gzip(new byte[ReportFile.UnpackedMax + 1]);
        Assert.True(bomb.Length < 1_000_000);
        Assert.Empty(ReportFile.Find(bomb, out string fault));
        Assert.Equal($"over {ReportFile.UnpackedMax} bytes unpacked", fault);

        byte[] many = Zip([.. Enumerable.Repeat(new byte[ReportFile.UnpackedMax / 2], 3)]);
        Assert.Empty(ReportFile.Find(many, out fault));
        Assert.Equal($"over {ReportFile.UnpackedMax} bytes unpacked", fault);
    }

    [Fact]
    public void Layers_files_and_reports_are_bounded()
    {
        Assert.Empty(ReportFile.Find(Gzip(Gzip(Gzip(Xml))), out string fault));
        Assert.Equal("packed more than twice", fault);
        byte[] many = Zip([.. Enumerable.Repeat(Array.Empty<byte>(), 101)]);
        Assert.Empty(ReportFile.Find(many, out fault));
        Assert.Equal("over 100 files in an archive", fault);
        Assert.Equal(
            ReportFile.ReportsMax,
            ReportFile.Find(Zip([.. Enumerable.Repeat(Xml, 21)]), out fault).Count);
        Assert.Equal("over 20 reports in a file", fault);
    }

    [Fact]
    public void Damaged_files_are_said_to_be()
    {
        byte[] gzip = Gzip(Xml);
        gzip[30] ^= 0xFF;
        Assert.Empty(ReportFile.Find(gzip, out string fault));
        Assert.Equal("damaged: cannot be unpacked", fault);
        Assert.Empty(ReportFile.Find(Zip(Xml)[..^30], out fault));
        Assert.Equal("damaged: cannot be unpacked", fault);
    }

    [Fact]
    public void Parts_of_parts_end_somewhere()
    {
        StringBuilder deep = new();
        for (int i = 0; i < 50; i++)
        {
            deep.Append($"Content-Type: multipart/mixed; boundary=b{i}\n\n--b{i}\n");
        }

        Assert.Empty(ReportFile.Find(Encoding.ASCII.GetBytes(deep.ToString()), out string fault));
        Assert.Equal("parts lie too deep", fault);
        string wide = "Content-Type: multipart/mixed; boundary=\"b\"\n\n"
            + string.Concat(Enumerable.Repeat("--b\n\nx\n", 101));
        Assert.Empty(ReportFile.Find(Encoding.ASCII.GetBytes(wide), out fault));
        Assert.Equal("over 100 parts", fault);
    }

    private static byte[] Only(byte[] file)
    {
        IReadOnlyList<byte[]> found = ReportFile.Find(file, out string fault);
        Assert.Equal("", fault);
        return Assert.Single(found);
    }

    private static byte[] Mail(string type, ContentEncoding encoding, string form, bool isUnix)
    {
        byte[] content = type switch
        {
            "application/zip" => Zip(Xml),
            "text/xml" => Xml,
            _ => Gzip(Xml),
        };
        MimePart part = new(ContentType.Parse(type))
        {
            Content = new MimeContent(new MemoryStream(content)),
            ContentTransferEncoding = encoding,
            ContentDisposition = new ContentDisposition("attachment") { FileName = "r!x!1!2.x" },
        };
        MimeEntity body = form == "alone" ? part
            : new Multipart("mixed") { new TextPart("html") { Text = "<p>feed it</p>" }, part };
        MimeMessage message = new() { Subject = "Report Domain: x", Body = body };
        if (form == "forwarded")
        {
            message = new MimeMessage
            {
                Body = new Multipart("mixed") { new MessagePart { Message = message } },
            };
        }

        using MemoryStream bytes = new();
        FormatOptions options = FormatOptions.Default.Clone();
        options.NewLineFormat = isUnix ? NewLineFormat.Unix : NewLineFormat.Dos;
        message.WriteTo(options, bytes);
        return bytes.ToArray();
    }

    internal static byte[] Gzip(byte[] content)
    {
        using MemoryStream packed = new();
        using (GZipStream gzip = new(packed, CompressionLevel.SmallestSize))
        {
            gzip.Write(content);
        }

        return packed.ToArray();
    }

    private static byte[] Zip(params byte[][] files)
    {
        using MemoryStream packed = new();
        using (ZipArchive archive = new(packed, ZipArchiveMode.Create))
        {
            for (int i = 0; i < files.Length; i++)
            {
                using Stream entry = archive.CreateEntry($"{i}.xml").Open();
                entry.Write(files[i]);
            }
        }

        return packed.ToArray();
    }
}
