using System.Buffers;
using System.Text;
using CsCheck;

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
    [InlineData("undisclosed: ;", "undisclosed:;")]
    [InlineData("Joe <joe@h.i", "Joe <joe@h.i>")]
    [InlineData("", "")]
    [InlineData(", ,a@b.c,", "a@b.c")]
    public void A_list_is_completed(string body, string expected) =>
        Assert.Equal($"To: {expected}\n", Write(body)!);

    [Theory]
    [InlineData("(no end")]
    [InlineData("\"no end")]
    [InlineData("a@[1.2")]
    [InlineData("no start)")]
    [InlineData("no start]")]
    [InlineData("a@b.c>")]
    [InlineData("a> <b")]
    [InlineData("a: b: c@d.e;;")]
    [InlineData("<a@b <c@d>>")]
    public void What_is_no_list_is_refused(string body) => Assert.Null(Write(body));

    [Fact]
    public void Envelope_addresses_are_unquoted_and_in_order() => Assert.Equal(
        ["a b@h.i", "c@host.example.net", ""],
        AddressList.Parse("\"a b\"@h.i, c (x), <>"u8, Defaults)!.Addresses
            .Select(address => Encoding.ASCII.GetString(address)));

    [Fact]
    public void Long_lists_are_folded_after_a_comma_before_column_80()
    {
        string text = Write(string.Join(", ", Enumerable.Range(0, 40).Select(n => $"u{n}@d.ee")))!;
        Assert.All(text.Split('\n'), line => Assert.True(line.Length <= 80, line));
        Assert.All(text.TrimEnd('\n').Split('\n')[1..],
            line => Assert.StartsWith("  u", line, StringComparison.Ordinal));
        Assert.Equal(40, AddressList.Parse(
            Encoding.ASCII.GetBytes(text[3..]), Defaults)!.Addresses.Count);
    }

    [Fact]
    public void Any_bytes_are_read_or_refused_and_what_is_written_reads_the_same() =>
        Gen.Char["ab.@<>,:;()[]\"\\ \n"].Select(c => (byte)c).Array[0, 40].Sample(body =>
        {
            if (AddressList.Parse(body, Defaults) is not { } list)
            {
                return;
            }

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

    private static string? Write(string body)
    {
        if (AddressList.Parse(Encoding.ASCII.GetBytes(body), Defaults) is not { } list)
        {
            return null;
        }

        ArrayBufferWriter<byte> to = new();
        list.WriteField(to, "To"u8);
        return Encoding.ASCII.GetString(to.WrittenSpan);
    }
}
