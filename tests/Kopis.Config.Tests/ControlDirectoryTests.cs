using System.Text;
using Kopis.Base;
using Kopis.Config.Catalog;
using Kopis.Config.Maps;

namespace Kopis.Config.Tests;

public sealed class ControlDirectoryTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("kopis-control");
    private readonly ControlDirectory _control;

    public ControlDirectoryTests() => _control = new ControlDirectory(_directory.FullName);

    public void Dispose() => _directory.Delete(recursive: true);

    [Theory]
    [InlineData("mx.example \t\nsecond\n", "mx.example")]
    [InlineData("mx.example", "mx.example")]
    [InlineData(" # not a comment", " # not a comment")]
    [InlineData("", "")]
    [InlineData("\nsecond\n", "")]
    public void A_line_is_the_first_without_trailing_blanks(string content, string line)
    {
        Write("me", content);
        Assert.Equal(line, Encoding.ASCII.GetString(_control.ReadLine(HostFiles.Me)!));
    }

    [Fact]
    public void A_missing_line_is_null_then_me_then_the_literal()
    {
        Assert.Null(_control.ReadLine(HostFiles.DefaultHost));
        Assert.Equal(
            "defaulthost"u8.ToArray(), _control.ReadLineOrDefault(HostFiles.DefaultHost));
        Write("me", "mx.example\n");
        Assert.Equal(
            "mx.example"u8.ToArray(), _control.ReadLineOrDefault(HostFiles.DefaultHost));
        Assert.Equal(
            "postmaster"u8.ToArray(), _control.ReadLineOrDefault(SendFiles.DoubleBounceTo));
        Write("defaulthost", "\n");
        Assert.Empty(_control.ReadLineOrDefault(HostFiles.DefaultHost)!);
    }

    [Fact]
    public void A_number_is_read_and_its_absence_is_the_default()
    {
        Assert.Equal(20, _control.ReadInt(SendFiles.ConcurrencyRemote));
        Write("concurrencyremote", "60 \n");
        Assert.Equal(60, _control.ReadInt(SendFiles.ConcurrencyRemote));
    }

    [Theory]
    [InlineData("sixty")]
    [InlineData("-1")]
    [InlineData("60x")]
    [InlineData("+1")]
    [InlineData("0x10")]
    [InlineData("1.5")]
    public void A_number_that_is_none_stops_with_file_and_reason(string content)
    {
        Write("concurrencyremote", content + "\n");
        ConfigurationException error = Assert.Throws<ConfigurationException>(
            () => _control.ReadInt(SendFiles.ConcurrencyRemote));
        Assert.Contains("concurrencyremote", error.Message, StringComparison.Ordinal);
        Assert.Contains(content, error.Message, StringComparison.Ordinal);
        Assert.Equal(111, error.Code);
    }

    [Theory]
    [InlineData("256")]
    [InlineData("2147483648")]
    [InlineData("99999999999")]
    [InlineData("9223372036854775808")]
    [InlineData("18446744073709551616")]
    [InlineData("111111111111111111111111111111111111111111111111111111111111111111111111")]
    public void A_number_that_is_too_large_is_the_largest_and_said_to_be_once(string content)
    {
        List<string> said = [];
        ControlDirectory control = new(_directory.FullName, said.Add);
        Write("concurrencylocal", content + "\n");
        Assert.Equal(255, control.ReadInt(SendFiles.ConcurrencyLocal));
        Assert.Equal(255, control.ReadInt(SendFiles.ConcurrencyLocal));
        string line = Assert.Single(said);
        Assert.Contains("control", line, StringComparison.Ordinal);
        Assert.EndsWith("is too large, 255 is used", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2147483648", 2147483648)]
    [InlineData("0009223372036854775807", long.MaxValue)]
    [InlineData("9223372036854775808", long.MaxValue)]
    public void Databytes_is_as_long_as_in_the_environment(string content, long bytes)
    {
        Write("databytes", content + "\n");
        Assert.Equal(bytes, _control.ReadLong(SmtpFiles.DataBytes));
    }

    [Fact]
    public void A_number_that_is_too_small_stops_with_the_least()
    {
        Write("queuememory", "5\n");
        ConfigurationException error = Assert.Throws<ConfigurationException>(
            () => _control.ReadInt(SendFiles.QueueMemory));
        Assert.Contains("from 1048576", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_nul_is_a_byte_of_its_line()
    {
        Write("me", "a\0b\n");
        Write("openrelay", "1\0\n");
        Assert.Equal("a\0b"u8.ToArray(), _control.ReadLine(HostFiles.Me));
        Assert.Throws<ConfigurationException>(() => _control.ReadInt(SmtpFiles.OpenRelay));
    }

    [Fact]
    public void A_list_drops_empty_lines_and_comments_and_keeps_the_last_without_its_end()
    {
        Write("locals", "#one\n\na.example \n #b\nc.example");
        Assert.Equal(
            ["a.example", " #b", "c.example"],
            _control.ReadList(HostFiles.Locals)!.Select(line => ByteText.ToText(line)));
        Assert.Null(_control.ReadList(SmtpFiles.RcptHosts));
    }

    /// <summary>Before, a CR was part of the name: the host did not know its own domains.</summary>
    [Theory, InlineData("\r\n"), InlineData(" \t\r\n"), InlineData("\r\r\n")]
    public void A_cr_before_the_line_end_is_a_trailing_blank(string end)
    {
        Write("locals", $"a.example{end}#b{end}{end}c.example{end}");
        Write("me", $"mx.example{end}");
        Write("queuelifetime", $"100{end}");
        Assert.Equal(
            ["a.example", "c.example"],
            _control.ReadList(HostFiles.Locals)!.Select(line => ByteText.ToText(line)));
        Assert.Equal("mx.example"u8.ToArray(), _control.ReadLine(HostFiles.Me));
        Assert.Equal(100, _control.ReadInt(SendFiles.QueueLifetime));
    }

    [Fact]
    public void A_cr_within_a_line_stays()
    {
        Write("me", "a\rb\n");
        Assert.Equal("a\rb"u8.ToArray(), _control.ReadLine(HostFiles.Me));
    }

    [Fact]
    public void What_cannot_be_read_is_an_error_and_never_a_default()
    {
        _directory.CreateSubdirectory("locals");
        Assert.Throws<ConfigurationException>(() => _control.ReadList(HostFiles.Locals));
    }

    [Fact]
    public void The_last_duplicate_wins_case_does_not_matter_and_no_colon_is_no_line()
    {
        ConstMap map = ConstMap.KeyValue(["A.example:one"u8.ToArray(), "nothing"u8.ToArray(),
            "a.EXAMPLE:two:three"u8.ToArray(), ":all"u8.ToArray()]);
        Assert.True(map.TryGet("a.example"u8, out byte[]? value));
        Assert.Equal("two:three"u8.ToArray(), value);
        Assert.True(map.Contains(""u8));
        Assert.False(map.Contains("nothing"u8));
    }

    private void Write(string name, string content) =>
        File.WriteAllText(Path.Combine(_directory.FullName, name), content);
}
