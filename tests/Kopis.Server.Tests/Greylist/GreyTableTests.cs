using System.Net;
using System.Text;
using CsCheck;
using Kopis.Server.Greylist;

namespace Kopis.Server.Tests.Greylist;

/// <summary>Who waits, and for how long.</summary>
public sealed class GreyTableTests
{
    private const uint Now = 1_800_000_000;
    private const long Delay = 300;
    private readonly GreyTable _table = new();
    private readonly List<GreyRecord> _news = [];

    [Fact]
    public void A_first_try_waits_and_the_next_passes()
    {
        Assert.Equal(Delay, Judge(Now));
        Assert.Equal(Delay - 100, Judge(Now + 100));
        Assert.Equal(1, Judge(Now + 299));
        Assert.Equal(0, Judge(Now + 300));
        Assert.Equal([GreyKind.Waiting, GreyKind.Known], _news.Select(one => one.Kind));
    }

    [Fact]
    public void First_tries_that_have_come_again_leave_room_for_others_of_their_network()
    {
        for (int i = 0; i < 2 * GreyTable.WaitingPerNetworkMax; i++)
        {
            string sender = $"s@far{i}.example";
            Judge(Now, sender: sender);
            Assert.Equal(0, Judge(Now + 300, sender: sender));
        }
    }

    [Fact]
    public void Who_is_known_stays_so_for_36_days_after_each_mail()
    {
        Judge(Now);
        Judge(Now + 300);
        uint later = Now + 300 + (uint)GreyTable.KnownSeconds;
        Assert.Equal(0, Judge(later, recipient: "other@us.example"));
        Assert.Equal(0, Judge(later + 1, sender: "other@far.example"));
        Assert.Equal(0, Judge(later + (uint)GreyTable.KnownSeconds));
        later += (2 * (uint)GreyTable.KnownSeconds) + 1;
        Assert.Equal(Delay, Judge(later, recipient: "x@us.example"));
    }

    [Fact]
    public void Who_comes_again_too_late_begins_anew()
    {
        Judge(Now);
        uint late = Now + (uint)GreyTable.WindowSeconds + 1;
        Assert.Equal(Delay, Judge(late));
        Assert.Equal(0, Judge(late + 300));
    }

    [Theory]
    [InlineData("192.0.2.200", "other@FAR.example", "A@us.example", 0)] // The same network.
    [InlineData("::ffff:192.0.2.7", "s@far.example", "a@us.example", 0)]
    [InlineData("192.0.3.1", "s@far.example", "a@us.example", Delay)]
    [InlineData("192.0.2.1", "s@near.example", "a@us.example", Delay)]
    [InlineData("192.0.2.1", "s@far.example", "b@us.example", Delay)]
    [InlineData("192.0.2.1", "", "a@us.example", Delay)]
    public void What_is_the_same(string client, string sender, string recipient, long wait)
    {
        Judge(Now);
        Assert.Equal(wait, Judge(Now + 300, client, sender, recipient));
    }

    [Fact]
    public void A_clock_that_goes_back_lets_nobody_in()
    {
        Judge(Now);
        Assert.Equal(Delay, Judge(Now - 1000));
        Assert.Equal(Delay - 100, Judge(Now - 900));
    }

    [Fact]
    public void One_network_pushes_out_nobody()
    {
        Judge(Now, client: "198.51.100.1");
        for (int i = 0; i < GreyTable.WaitingMax * 2; i++)
        {
            Assert.Equal(Delay, Judge(Now, recipient: $"x{i}@us.example"));
        }

        Assert.Equal(GreyTable.WaitingPerNetworkMax + 1, _table.Count);
        Assert.Equal(0, Judge(Now + 300, client: "198.51.100.1"));
        _table.Sweep(Now + (uint)GreyTable.WindowSeconds + 1);
        Assert.Equal(1, _table.Count);
        uint next = Now + (uint)GreyTable.WindowSeconds + 2;
        Judge(next);
        Assert.Equal(0, Judge(next + 300));
    }

    /// <summary>A site has 65,536 networks of IPv6, and is one to the table.</summary>
    [Fact]
    public void One_site_pushes_out_nobody()
    {
        Judge(Now, client: "2001:db8:1::1");
        for (int i = 0; i < GreyTable.WaitingMax + 1000; i++)
        {
            Judge(Now, client: $"2001:db8:2:{i:x}::1");
        }

        Assert.Equal(GreyTable.WaitingPerNetworkMax + 1, _table.Count);
        Assert.Equal(0, Judge(Now + 300, client: "2001:db8:1::1"));
        Assert.NotEqual(
            Keys("2001:db8:2:1::1", "s@x", "a@y").Trusted,
            Keys("2001:db8:2:2::1", "s@x", "a@y").Trusted);
    }

    [Fact]
    public void Many_networks_push_out_no_one_who_is_known()
    {
        Judge(Now);
        Judge(Now + 300);
        for (int i = 0; i < GreyTable.WaitingMax + 1000; i++)
        {
            Judge(Now + 300, $"10.{i >> 16}.{(i >> 8) & 255}.{i & 255}", recipient: $"{i}@x");
        }

        Assert.True(_table.Count <= GreyTable.WaitingMax + 1);
        Assert.Equal(0, Judge(Now + 400, recipient: "new@us.example"));
    }

    [Fact]
    public void A_trusted_network_is_told()
    {
        GreyKeys keys = Keys("192.0.2.1", "s@far.example", "a@us.example");
        Assert.False(_table.IsTrusted(keys, Now, _news.Add));
        _table.Trust(keys.Trusted, keys.Network, Now, _news.Add);
        Assert.True(_table.IsTrusted(keys, Now + 1, _news.Add));
        Assert.Single(_news);
        Assert.Equal(Delay, Judge(Now + 1));
    }

    /// <summary>A table of the records of another decides as that one would.</summary>
    [Fact]
    public void Records_are_the_table() =>
        Gen.Select(Gen.Int[0, 3], Gen.Int[0, 3], Gen.Int[0, 200_000]).Array[0, 40]
            .Sample(steps =>
            {
                GreyTable one = new();
                List<GreyRecord> news = [];
                uint now = Now;
                foreach ((int client, int recipient, int later) in steps)
                {
                    now += (uint)later;
                    one.Judge(
                        Keys($"10.0.{client}.1", "s@far.example", $"{recipient}@us.example"), now,
                        Delay, news.Add);
                }

                GreyTable other = new();
                byte[] file = Form(news);
                GreyRecord.ReadAll(file, record => other.Take(record, now));
                return Enumerable.Range(0, 16).All(i =>
                {
                    GreyKeys keys =
                        Keys($"10.0.{i / 4}.1", "s@far.example", $"{i % 4}@us.example");
                    return one.Judge(keys, now, Delay, _ => { })
                        == other.Judge(keys, now, Delay, _ => { });
                });
            });

    [Fact]
    public void Damage_costs_what_is_damaged()
    {
        GreyRecord[] all = [.. Enumerable.Range(1, 50).Select(i =>
            new GreyRecord(GreyKind.Known, (UInt128)i, (ulong)i, Now))];
        byte[] file = Form(all);
        Gen.Select(Gen.Int[0, file.Length - 1], Gen.Byte, Gen.Int[0, file.Length])
            .Sample((at, value, end) =>
            {
                byte[] damaged = [.. file];
                damaged[at] = value;
                List<GreyRecord> read = [];
                GreyRecord.ReadAll(damaged.AsSpan(0, end), read.Add);
                return read.All(all.Contains)
                    && read.Count >= (end / GreyRecord.Bytes) - 1;
            });
    }

    internal static byte[] Form(IEnumerable<GreyRecord> records) => [.. records.SelectMany(one =>
    {
        byte[] bytes = new byte[GreyRecord.Bytes];
        one.WriteTo(bytes);
        return bytes;
    })];

    private long Judge(
        uint now, string client = "192.0.2.1", string sender = "s@far.example",
        string recipient = "a@us.example") =>
        _table.Judge(Keys(client, sender, recipient), now, Delay, _news.Add);

    private static GreyKeys Keys(string client, string sender, string recipient) => GreyKeys.Of(
        IPAddress.Parse(client), Encoding.Latin1.GetBytes(sender),
        Encoding.Latin1.GetBytes(recipient));
}
