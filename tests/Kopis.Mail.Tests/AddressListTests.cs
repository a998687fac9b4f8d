using System.Buffers;
using System.Text;
using CsCheck;
using Kopis.Mail.Addresses;

namespace Kopis.Mail.Tests;

public sealed class AddressListTests
{
    private static readonly AddressDefaults Defaults = new(
        "host"u8.ToArray(), "example.net"u8.ToArray(), "plus.org"u8.ToArray());

    [Theory] // The facts marked [V] of contract §5.2.
    [InlineData("djb fred", "djb@host.example.net, fred@host.example.net")]
    [InlineData("joe@a+", "joe@a.plus.org")]
    [InlineData("z@w.x.", "z@w.x")]
    [InlineData("joe@", "joe@host.example.net")]
    [InlineData("Joe Doe <joe@h>", "Joe Doe <joe@h.example.net>")]
    [InlineData("<@r,@s:z@w.x>", "<z@w.x>")]
    [InlineData("<>", "<>")]
    [InlineData("box@[]", "box@[]")]
    [InlineData("x@[1.2.3.4]", "x@[1.2.3.4]")]
    [InlineData("\"q x\"@h.i", "\"q x\"@h.i")]
    [InlineData("a@b.c (note)", "a@b.c (note)")]
    [InlineData("<a@b.c> (note)", "<a@b.c>(note)")]
    [InlineData("(before) a@b.c", "(before) a@b.c")]
    [InlineData("a@b.c, (between) d@e.f", "a@b.c, (between) d@e.f")]
    [InlineData("(p)(q) a@b.c(1)(2) (3) d@e.f (4) (5)",
        "(p) (q) a@b.c (1) (2) (3), d@e.f (4) (5)")]
    [InlineData("list: a, b@c.d;", "list: a@host.example.net, b@c.d;")]
    [InlineData("undisclosed: ;", "undisclosed: ;")]
    [InlineData("Joe <joe@h.i", "Joe <joe@h.i>")]
    [InlineData(", ,a@b.c,", "a@b.c")]
    [InlineData("\"A\" <u1@h.i> \"B\" <u2@h.i>", "\"A\" <u1@h.i>, \"B\" <u2@h.i>")]
    [InlineData("Joe <a@b.c> Ann <d@e.f>", "Joe <a@b.c>, Ann <d@e.f>")]
    [InlineData("<a@b.c>\n <d@e.f>", "<a@b.c>, <d@e.f>")]
    [InlineData("<a@b.c>\r\n <d@e.f>\r\n", "<a@b.c>, <d@e.f>")]
    [InlineData("a@h <b@h.i> c@h.i", "a@h <b@h.i>, c@h.i")]
    [InlineData("joe(c)@x.y", "joe@x.y (c)")]
    [InlineData("joe@(c)x.y, (d) e@f.g", "joe@x.y (c), (d) e@f.g")]
    [InlineData("<joe(c)@x.y>", "<joe@x.y>(c)")]
    [InlineData("Joe) <joe@x.y>", "\"Joe)\" <joe@x.y>")]
    [InlineData("no start)", "no@host.example.net, \"start)\"@host.example.net")]
    [InlineData("a:b:c@x.y;", "a: b: c@x.y;")]
    [InlineData("x@y: joe@x.y;", "x@y: joe@x.y;")]
    [InlineData("a@b.c; d@e.f; g@h.i", "a@b.c, d@e.f, g@h.i")]
    [InlineData("a: b: c@d.e;;", "a: b: c@d.e;")]
    [InlineData("a: x@y.z; b: u@v.w;", "a: x@y.z;, b: u@v.w;")]
    [InlineData("<x@y.z> b: u@v.w;", "<x@y.z>, b: u@v.w;")]
    [InlineData("(undisclosed recipients)", "(undisclosed recipients)")]
    [InlineData("[List] Joe <joe@x.y>", "[List] Joe <joe@x.y>")]
    [InlineData("joe@[1.2.3.4] <a@b.c>", "joe@[1.2.3.4], <a@b.c>")]
    [InlineData("a@b.c <d@e.f", "a@b.c <d@e.f>")]
    [InlineData("<a@b.c, Ann <d@e.f, g@h.i", "<a@b.c>, Ann <d@e.f>, g@h.i")]
    [InlineData("\"a\n b\"@c.d", "\"a\n b\"@c.d")]
    [InlineData("joe\\,x@y.z", "\"joe,x\"@y.z")]
    public void A_list_is_completed(string body, string expected) =>
        Assert.Equal($"To: {expected}\n", Write(body)!);

    [Fact]
    public void An_empty_list_is_a_field_without_a_body() => Assert.Equal("To:\n", Write(""));

    [Theory] // As qmail has it: what was found counts, and the field stays as it is.
    [InlineData("u1@h.i>", "u1@h.i")]
    [InlineData("@a,@b:joe@x.y", "joe@x.y")]
    [InlineData("u@v.w, @a, @b:joe@x.y", "u@v.w joe@x.y")]
    [InlineData("To: joe@x.y", "joe@x.y")]
    [InlineData("a> <b", "a@host.example.net b@host.example.net")]
    [InlineData("a@b.c, d@e.f>", "a@b.c d@e.f")]
    [InlineData("a@b.c, Friends: d@e.f, g@h.i", "a@b.c d@e.f g@h.i")]
    public void What_is_not_whole_still_names_whom_it_names(string body, string expected)
    {
        AddressList list = Read(body);
        Assert.False(list.IsWhole);
        Assert.False(list.IsUnclear);
        Assert.Equal(expected, string.Join(' ', list.Addresses.Select(Encoding.ASCII.GetString)));
    }

    [Theory]
    [InlineData("(no end")]
    [InlineData("\"no end")]
    [InlineData("a@[1.2")]
    [InlineData(") a@b.c")]
    [InlineData("] a@b.c")]
    [InlineData(">")]
    [InlineData("Joe <")]
    [InlineData("Joe joe@x.y>")]
    [InlineData("<a@b <c@d>>")]
    [InlineData("<a@b, c@d>")]
    [InlineData("<joe bloggs@x.y>")]
    [InlineData("<mailto:joe@x.y>")]
    [InlineData("a@b: c@d")]
    [InlineData("a@b c: d@e;")]
    [InlineData("@x.y")]
    [InlineData("<@x.y>")]
    [InlineData("a@b.c, .")]
    [InlineData("a\0b@c.d")]
    public void What_names_somebody_and_not_whom_is_unclear(string body) =>
        Assert.True(Read(body).IsUnclear);

    [Fact]
    public void Envelope_addresses_are_unquoted_and_in_order() => Assert.Equal(
        ["a b@h.i", "c@host.example.net", "", "d e@f.g"],
        Read("\"a b\"@h.i, c (x), <>, \"d\r\n e\"@f.g").Addresses
            .Select(Encoding.ASCII.GetString));

    [Theory] // Beside qmail-inject: the comma of the last address of a line is in column 78.
    [InlineData(32, "To: a@example.net, {0}@example.net, b@example.net\n")]
    [InlineData(33, "To: a@example.net, {0}@example.net,\n  b@example.net\n")]
    [InlineData(46, "To: a@example.net, {0}@example.net,\n  b@example.net\n")]
    [InlineData(47, "To: a@example.net,\n  {0}@example.net, b@example.net\n")]
    [InlineData(49, "To: a@example.net,\n  {0}@example.net, b@example.net\n")]
    [InlineData(50, "To: a@example.net,\n  {0}@example.net,\n  b@example.net\n")]
    public void Long_lists_are_folded_where_qmail_folds_them(int length, string expected)
    {
        string box = new('x', length);
        Assert.Equal(
            expected.Replace("{0}", box, StringComparison.Ordinal),
            Write($"a@example.net,{box}@example.net,b@example.net"));
    }

    [Fact]
    public void Folded_lists_read_the_same()
    {
        string text = Write(string.Join(", ", Enumerable.Range(0, 40).Select(n => $"u{n}@d.ee")))!;
        Assert.All(text.Split('\n'), line => Assert.True(line.Length <= 78, line));
        Assert.All(text.TrimEnd('\n').Split('\n')[1..],
            line => Assert.StartsWith("  u", line, StringComparison.Ordinal));
        Assert.Equal(40, Read(text[3..]).Addresses.Count);
    }

    [Fact]
    public void Any_bytes_are_read_or_refused_and_what_is_written_names_as_many() =>
        Gen.Char["ab.@<>,:;()[]\"\\ \n"].Select(c => (byte)c).Array[0, 40].Sample(body =>
        {
            AddressList list = AddressList.Read(body, Defaults);
            if (!list.IsWhole || list.IsUnclear)
            {
                return;
            }

            ArrayBufferWriter<byte> to = new();
            list.WriteField(to, "To"u8);
            AddressList again = AddressList.Read(to.WrittenSpan[3..], Defaults);
            Assert.True(again is { IsWhole: true, IsUnclear: false });
            Assert.Equal(list.Addresses.Count, again.Addresses.Count);
            Assert.All(list.Addresses, address => Assert.True(
                address.Length == 0 || address.Contains((byte)'@')));
        });

    [Theory]
    [InlineData("a@b.c ", "(x)", "")]
    [InlineData("", "(x)", "a@b.c")]
    [InlineData("a@b.c (", "(", "")]
    [InlineData("", "a,", "")]
    [InlineData("g:", "a <b@c> (x),", ";")]
    [InlineData("<", "@r,", ":z@w.x>")]
    [InlineData("\"", "\\x", "\"@b.c")]
    public void A_long_field_costs_what_its_length_is(string begin, string part, string end)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        Write(begin + string.Concat(Enumerable.Repeat(part, 20_000)) + end);
        long bytes = GC.GetAllocatedBytesForCurrentThread() - before;

        // What is copied for each piece would be gigabytes.
        Assert.InRange(bytes, 0, 120_000_000);
    }

    [Theory]
    [InlineData("joe", "joe@host.example.net")]
    [InlineData("a b@c.d", "a b@c.d")]
    [InlineData("x,y@c.d", "x,y@c.d")]
    public void An_argument_is_one_address_whatever_is_in_it(string word, string expected) =>
        Assert.Equal(expected, Encoding.ASCII.GetString(
            AddressList.Complete(Encoding.ASCII.GetBytes(word), Defaults)!));

    [Theory]
    [InlineData("<u@h.i>", "u@h.i")]
    [InlineData("Joe <a@b.c>", "a@b.c")]
    [InlineData(" a@b.c ", "a@b.c")]
    [InlineData("\"Doe, Joe\" <a@b.c>", "a@b.c")]
    [InlineData("a@b.c, d@e.f", "a@b.c d@e.f")]
    [InlineData("a@b.c,Ann <d@e.f>", "a@b.c d@e.f")]
    [InlineData("joe,ann", "joe@host.example.net ann@host.example.net")]
    [InlineData("<>", "")]
    [InlineData("x,y@c.d", "x,y@c.d")]
    [InlineData("a<b>c@d.e", "a<b>c@d.e")]
    [InlineData("", null)]
    [InlineData(" ", null)]
    [InlineData("joe@x y", null)]
    [InlineData("a@b.c>", null)]
    [InlineData("<a@b c@d>", null)]
    [InlineData("a\nb@c.d", null)]
    [InlineData("a\0b@c.d", null)]
    public void An_argument_with_brackets_or_commas_is_a_list(string word, string? expected)
    {
        IReadOnlyList<byte[]>? named =
            AddressArgument.Read(Encoding.ASCII.GetBytes(word), Defaults);
        Assert.Equal(expected, named is null
            ? null
            : string.Join(' ', named.Select(Encoding.ASCII.GetString)));
    }

    private static AddressList Read(string body) =>
        AddressList.Read(Encoding.ASCII.GetBytes(body), Defaults);

    private static string? Write(string body)
    {
        AddressList list = Read(body);
        if (!list.IsWhole)
        {
            return null;
        }

        ArrayBufferWriter<byte> to = new();
        list.WriteField(to, "To"u8);
        return Encoding.ASCII.GetString(to.WrittenSpan);
    }
}
