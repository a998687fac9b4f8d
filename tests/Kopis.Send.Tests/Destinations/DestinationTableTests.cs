using Kopis.Send.Scheduling.Destinations;

namespace Kopis.Send.Tests.Destinations;

/// <summary>Which destinations are remembered. Who may give commands may name any.</summary>
public class DestinationTableTests
{
    private const int NamedMax = DestinationTable.NamedMax;
    private const long Day = 86_400_000;

    private readonly DestinationTable _table = new(_ => DestinationLimits.Usual);

    [Fact]
    public void So_many_are_held_before_they_have_mail()
    {
        for (int i = 0; i < NamedMax; i++)
        {
            _table.Named(Name(i), isGuest: true)!.IsHeld = true;
        }

        Assert.Null(_table.Named("domain more.example", isGuest: true));
        Assert.NotNull(_table.Named(Name(0), isGuest: true));
        _table.Known("domain mail.example").Waiting = 1;
        Assert.NotNull(_table.Named("domain mail.example", isGuest: true));
        for (int i = NamedMax; i < 2 * NamedMax; i++) // What the dashboard did leaves room.
        {
            _table.Named(Name(i), isGuest: false)!.IsHeld = true;
        }

        Assert.Null(_table.Named("domain more.example", isGuest: false));
        _table.Sweep(Day);
        Assert.Equal((2 * NamedMax) + 1, _table.All.Count);
    }

    [Fact]
    public void One_that_was_only_named_is_forgotten_when_it_is_not_held_any_more()
    {
        _table.Named(Name(0), isGuest: false)!.IsHeld = true;
        _table.Named(Name(1), isGuest: false)!.IsHeld = true;
        _table.Hold(_table.Find(Name(0))!, isHeld: false);
        Assert.Equal([Name(1)], _table.All.Select(one => one.Name));
    }

    [Fact]
    public void Of_those_that_were_held_with_mail_the_last_ones_stay()
    {
        for (int i = 0; i < (2 * NamedMax) + 100; i++)
        {
            Destination one = _table.Known(Name(i));
            one.Start(Day + i);
            one.IsHeld = true;
        }

        _table.Sweep(2 * Day);
        Assert.Equal((2 * NamedMax) + 100, _table.All.Count); // Their mail is not over.
        foreach (Destination one in _table.All)
        {
            one.Cancel();
        }

        _table.Sweep(3 * Day);
        Assert.Equal(2 * NamedMax, _table.All.Count);
        Assert.Null(_table.Find(Name(99)));
        Assert.True(_table.Find(Name(100))!.IsHeld);
    }

    private static string Name(int i) => $"domain {i}.example";
}
