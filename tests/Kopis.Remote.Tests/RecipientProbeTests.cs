namespace Kopis.Remote.Tests;

/// <summary>When it is known how many recipients a server takes in one transaction.</summary>
public sealed class RecipientProbeTests
{
    [Fact]
    public void A_server_that_takes_more_in_the_next_transaction_has_a_limit()
    {
        RecipientProbe probe = new(8);
        probe.Note([0, 1, 2, 3, 4, 5, 6, 7], Result("rrrsssss", limit: 3, 3, 4, 5, 6, 7));
        Assert.Equal((3, 0), (probe.Most, probe.Known));
        probe.Note([3, 4, 5], Result("rrr", limit: 0));
        Assert.Equal((3, 3), (probe.Most, probe.Known));
    }

    [Fact]
    public void Recipients_who_are_refused_again_show_no_limit()
    {
        RecipientProbe probe = new(3);
        probe.Note([0, 1, 2], Result("rrs", limit: 2, 2));
        probe.Note([2], Result("s", limit: 0) with { HasNoRoom = true });
        Assert.Equal((int.MaxValue, 0), (probe.Most, probe.Known));
    }

    [Fact]
    public void A_limit_that_is_less_later_counts()
    {
        RecipientProbe probe = new(8);
        probe.Note([0, 1, 2, 3, 4, 5, 6, 7], Result("rrrrssss", limit: 4, 4, 5, 6, 7));
        probe.Note([4, 5, 6, 7], Result("rsss", limit: 1, 1, 2, 3));
        Assert.Equal((1, 4), (probe.Most, probe.Known));
        probe.Note([5], Result("r", limit: 0));
        Assert.Equal((1, 1), (probe.Most, probe.Known));
    }

    [Fact]
    public void Who_was_not_refused_before_proves_nothing()
    {
        RecipientProbe probe = new(6);
        probe.Note([0, 1, 2], Result("rrs", limit: 2, 2));
        probe.Note([3, 4], Result("rr", limit: 0));
        Assert.Equal((2, 0), (probe.Most, probe.Known));
    }

    private static TransactionResult Result(string letters, int limit, params int[] later)
    {
        RemoteReport report = new();
        foreach (char letter in letters)
        {
            report.Add(letter, []);
        }

        return new TransactionResult(TransactionEnd.Reported, report.End('K', "ok\n"), later)
        {
            Limit = limit,
        };
    }
}
