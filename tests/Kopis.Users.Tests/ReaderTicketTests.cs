using System.Security.Cryptography;
using System.Text;
using CsCheck;
using Kopis.Users.Logins;
using Kopis.Users.Recipients;
using Kopis.Users.Tickets;

namespace Kopis.Users.Tests;

public sealed class ReaderTicketTests
{
    private static readonly byte[] Key = RandomNumberGenerator.GetBytes(ReaderTicket.KeyBytes);
    private static readonly Account Joe = new("joe", 1001, 1002, "/home/joe", "/bin/sh");

    private readonly ReaderTickets _tickets = new(Key);

    [Fact]
    public void A_ticket_says_who_has_logged_in()
    {
        RecipientUser user = Take(ReaderTicket.Make(Joe, Key))!;
        Assert.Equal(("joe", 1001u, 1002u, "/home/joe"), (
            Encoding.UTF8.GetString(user.Name), user.Uid, user.Gid,
            Encoding.UTF8.GetString(user.Home)));
    }

    [Fact]
    public void It_is_good_once()
    {
        byte[] ticket = ReaderTicket.Make(Joe, Key);
        Assert.NotNull(Take(ticket));
        Assert.Null(Take(ticket, "second time"));
        Assert.NotNull(Take(ReaderTicket.Make(Joe, Key)));
    }

    /// <summary>Mail is not read by a login to the settings, nor the other way round.</summary>
    [Fact]
    public void It_is_good_for_what_it_was_made_for()
    {
        ReaderTickets settings = new(Key, forSettings: true);
        byte[] mark = RandomNumberGenerator.GetBytes(LoginMarks.Bytes);
        byte[] ticket = ReaderTicket.Make(Joe, Key, mark);
        Assert.Null(Take(ticket, "something else"));
        ReaderTicket taken = settings.Redeem(ticket, ReaderTicket.Now, out _)!;
        Assert.Equal(mark, taken.Mark);
        Assert.Equal("/home/joe", Encoding.UTF8.GetString(taken.User.Home));
        Assert.Null(settings.Redeem(ReaderTicket.Make(Joe, Key), ReaderTicket.Now, out _));
    }

    [Fact]
    public void It_is_good_for_a_while()
    {
        byte[] ticket = ReaderTicket.Make(Joe, Key);
        long later = ReaderTicket.Now + (long)ReaderTicket.Lifetime.TotalMilliseconds + 1;
        Assert.Null(_tickets.Redeem(ticket, later, out string refusal));
        Assert.Contains("time is over", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void No_bit_of_it_can_be_changed()
    {
        byte[] ticket = ReaderTicket.Make(Joe, Key);
        for (int bit = 0; bit < 8 * ticket.Length; bit++)
        {
            ticket[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Null(Take(ticket, "not made here"));
            ticket[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        Assert.Null(Take(ticket[..^1], "not made here"));
        Assert.Null(Take([.. ticket, 0], "not made here"));
        Assert.NotNull(Take(ticket));
    }

    [Fact]
    public void Anything_else_is_none() => Gen.Byte.Array[0, 6000].Sample(bytes =>
        Assert.Null(_tickets.Redeem(bytes, ReaderTicket.Now, out _)));

    [Fact]
    public void Another_key_opens_nothing()
    {
        Assert.Null(Take(ReaderTicket.Make(Joe, new byte[32]), "not made here"));
    }

    [Fact]
    public void A_home_that_is_no_path_is_refused()
    {
        Assert.Null(Take(ReaderTicket.Make(Joe with { Home = "home" }, Key), "not made here"));
        Assert.Null(Take(ReaderTicket.Make(Joe with { Home = "" }, Key), "not made here"));
    }

    [Fact]
    public void What_is_remembered_is_bounded_and_nothing_is_forgotten_too_early()
    {
        ReaderTickets few = new(Key, usedMax: 3);
        byte[][] tickets = [.. Enumerable.Range(0, 4).Select(_ => ReaderTicket.Make(Joe, Key))];
        long now = ReaderTicket.Now;
        foreach (byte[] ticket in tickets[..3])
        {
            Assert.NotNull(few.Redeem(ticket, now, out _));
        }

        Assert.Null(few.Redeem(tickets[3], now, out string refusal));
        Assert.Contains("more logins", refusal, StringComparison.Ordinal);
        Assert.Null(few.Redeem(tickets[0], now, out _));
        long later = now + (long)ReaderTicket.Lifetime.TotalMilliseconds + 1000;
        Assert.Null(few.Redeem(tickets[0], later, out refusal));
        Assert.Contains("time is over", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void A_grant_says_the_same_and_has_what_qmail_pop3d_takes()
    {
        RecipientUser user = Take(ReaderTicket.Make(Joe, Key))!;
        byte[] packet = ReaderGrant.Make(user, [1, .. "Maildir\0"u8]);
        RecipientUser parsed = ReaderGrant.Parse(packet, out byte[] grant)!;
        Assert.Equal((1001u, 1002u), (parsed.Uid, parsed.Gid));
        Assert.Equal(user.Name, parsed.Name);
        Assert.Equal(user.Home, parsed.Home);
        Assert.Equal([1, .. "Maildir\0/home/joe\0"u8], grant);
        for (int length = 0; length < packet.Length; length++)
        {
            Assert.Null(ReaderGrant.Parse(packet.AsSpan(0, length), out _));
        }

        Assert.Null(ReaderGrant.Parse([.. packet, (byte)'x', 0], out _));
    }

    [Fact]
    public void Anything_else_is_no_grant() => Gen.Byte.Array[0, 60].Sample(packet =>
    {
        RecipientUser? user = ReaderGrant.Parse(packet, out byte[] grant);
        if (user is not null)
        {
            ReadOnlySpan<byte> session = grant.AsSpan(0, grant.Length - user.Home.Length - 1);
            Assert.Equal(packet, ReaderGrant.Make(user, session));
        }
    });

    [Fact]
    public void A_request_comes_back_as_it_was()
    {
        byte[] packet = ReaderRequest.Make(true, "Maildir"u8.ToArray(), [1, 2, 3])!;
        byte[] grant = ReaderRequest.Split(packet, out ReadOnlySpan<byte> ticket)!;
        Assert.Equal([1, .. "Maildir\0"u8], grant);
        Assert.Equal([1, 2, 3], ticket.ToArray());
        Assert.Null(ReaderRequest.Make(true, new byte[256], []));
        Assert.Null(ReaderRequest.Make(true, "a\0b"u8.ToArray(), []));
    }

    [Fact]
    public void What_is_no_request_is_told() => Gen.Byte.Array[0, 40].Sample(packet =>
    {
        byte[]? grant = ReaderRequest.Split(packet, out ReadOnlySpan<byte> ticket);
        Assert.Equal(
            packet.Length > 2 && packet[0] <= 2 && packet.Length > 2 + packet[1]
                && !packet.AsSpan(2, packet[1]).Contains((byte)0),
            grant is not null);
        Assert.Equal(
            packet.Length, grant is null ? packet.Length : 1 + (grant.Length - 1) + ticket.Length);
    });

    private RecipientUser? Take(byte[] ticket, string why = "")
    {
        RecipientUser? user = _tickets.Redeem(ticket, ReaderTicket.Now, out string refusal)?.User;
        Assert.Contains(why, refusal, StringComparison.Ordinal);
        Assert.Equal(user is null, refusal.Length > 0);
        return user;
    }
}
