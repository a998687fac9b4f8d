using Kopis.Base;
using Kopis.Local.Delivery;

namespace Kopis.Local.Tests;

/// <summary>
/// The lines before a message, and the variables of programs (contract §3, §7.9).
/// </summary>
public class TraceTests
{
    private static readonly DateTimeOffset Time = new(1995, 9, 4, 4, 6, 3, TimeSpan.Zero);

    [Theory]
    [InlineData("", "", "MAILER-DAEMON")]
    [InlineData("a@b", "a@b", "a@b")]
    [InlineData("a b\tc@d", "\"a b\tc\"@d", "a-b-c@d")]
    [InlineData("a\nFrom x@d", "\"a\\_From x\"@d", "a-From-x@d")]
    [InlineData("a@b\nX: y", "a@b_X: y", "a@b-X:-y")]
    public void The_sender_cannot_add_a_line(string sender, string path, string mbox)
    {
        TraceLines lines = new(ByteText.ToBytes(sender), "r\nX: y@h"u8.ToArray(), Time);
        Assert.Equal($"Return-Path: <{path}>\n", ByteText.ToText(lines.ReturnPath));
        Assert.Equal("Delivered-To: r_X: y@h\n", ByteText.ToText(lines.DeliveredTo));
        Assert.Equal(
            $"From {mbox} Mon Sep 04 04:06:03 1995\n", ByteText.ToText(lines.MboxFrom));
    }

    [Theory]
    [InlineData("host1", "host1", "host1", "host1")]
    [InlineData("a.b", "a", "a", "a")]
    [InlineData("a.b.c.d.e", "a.b.c.d", "a.b.c", "a.b")]
    [InlineData("", "", "", "")]
    public void Hosts_lose_their_last_labels(string host, string two, string three, string four)
    {
        ByteEnvironment environment = Environment("x", host, null);
        Assert.Equal(
            (two, three, four),
            (environment.Text("HOST2"), environment.Text("HOST3"), environment.Text("HOST4")));
    }

    [Theory]
    [InlineData("", "", "", "")]
    [InlineData("a", "", "", "")]
    [InlineData("A-b", "b", "", "")]
    [InlineData("a-b-c-d-e", "b-c-d-e", "c-d-e", "d-e")]
    [InlineData("a--b", "-b", "b", "")]
    public void Extensions_lose_their_first_parts(
        string ext, string two, string three, string four)
    {
        ByteEnvironment environment = Environment(ext, "h", null);
        Assert.Equal(
            (ext, two, three, four),
            (environment.Text("EXT"), environment.Text("EXT2"), environment.Text("EXT3"),
                environment.Text("EXT4")));
    }

    [Fact]
    public void DEFAULT_is_set_only_where_the_file_has_it()
    {
        Assert.Null(Environment("a", "h", null).Text("DEFAULT"));
        Assert.Equal("", Environment("a", "h", []).Text("DEFAULT"));
    }

    private static ByteEnvironment Environment(string ext, string host, byte[]? defaultPart)
    {
        DeliveryRequest request = Requests.Of(ext: ext, host: host);
        TraceLines lines = new(request.Sender, request.Recipient, Time);
        return DeliveryEnvironment.Build(new(), request, lines, request.Sender, defaultPart);
    }
}
