using System.Text;
using CsCheck;
using Kopis.Mail.Addresses;

namespace Kopis.Mail.Tests;

public sealed class ForwardLineTests
{
    private static readonly AddressDefaults Defaults = new(
        "host"u8.ToArray(), "example.net"u8.ToArray(), "plus.org"u8.ToArray());

    [Theory]
    [InlineData("", "")]
    [InlineData(", ;", "")]
    [InlineData("(a comment)", "")]
    [InlineData("bob (Bob) @a.b", "bob@a.b")]
    [InlineData("\"a b\"@c.d, \\joe", "a b@c.d joe@host.example.net")]
    [InlineData("a b@c+ d", "a@host.example.net b@c.plus.org d@host.example.net")]
    [InlineData("Joe, Sam <@r,@s:e@f.g> x", "Joe@host.example.net e@f.g")]
    [InlineData("a@b.c., x@[1.2.3.4]", "a@b.c x@[1.2.3.4]")]
    [InlineData("<>", "@host.example.net")]
    [InlineData("|cmd, \"|cmd -a\", <\"|c\">", "!cmd !cmd -a !c")]
    [InlineData("\"|x\"@y.z |x@y.z", "|x@y.z |x@y.z")]
    [InlineData("/a/b.c, ./d \"/e f\"", "/a/b.c ./d /e f")]
    [InlineData(":include:/l, : Include : m.n, a:include:b", ":/l :m.n "
        + "a@host.example.net :b")]
    [InlineData("a:b;c", "a@host.example.net b@host.example.net c@host.example.net")]
    public void Targets(string line, string expected) => Assert.Equal(expected, Read(line));

    [Theory]
    [InlineData("a(")]
    [InlineData("\"a")]
    [InlineData("a@[1")]
    [InlineData("<a@b.c")]
    [InlineData("a@b.c>")]
    [InlineData("<<a@b.c>>")]
    [InlineData("@")]
    [InlineData("|")]
    [InlineData("|\"a b\"")]
    [InlineData("\"\"")]
    [InlineData(":include:")]
    [InlineData(":include:, a")]
    public void What_makes_no_sense(string line) => Assert.Null(Read(line));

    [Fact]
    public void Any_bytes_are_read_or_refused() => Gen.Byte.Array[0, 60].Sample(line =>
    {
        foreach (ForwardTarget target in ForwardLine.Parse(line) ?? [])
        {
            Assert.NotEmpty(target.Complete(Defaults));
        }
    });

    private static string? Read(string line) =>
        ForwardLine.Parse(Encoding.Latin1.GetBytes(line)) is { } targets
            ? string.Join(' ', targets.Select(Show))
            : null;

    private static string Show(ForwardTarget target) => target.Kind switch
    {
        ForwardTargetKind.Address => Encoding.Latin1.GetString(target.Complete(Defaults)),
        ForwardTargetKind.Program => "!" + Encoding.Latin1.GetString(target.Text),
        ForwardTargetKind.Include => ":" + Encoding.Latin1.GetString(target.Text),
        _ => Encoding.Latin1.GetString(target.Text),
    };
}
