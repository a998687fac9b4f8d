using CsCheck;
using Kopis.Local.Spawn;

namespace Kopis.Local.Tests;

/// <summary>The places of programs: how many run at once, and that one user's do not keep others
/// waiting.</summary>
public sealed class ProgramPlacesTests
{
    [Fact]
    public void No_more_run_than_there_are_places()
    {
        ProgramPlaces places = new(2, 2);
        Want(places, (1, "joe"), (2, "ann"), (3, "bob"));
        Assert.Equal([1u, 2u], Granted(places));
        Assert.True(places.Remove(1));
        Assert.Equal([3u], Granted(places));
    }

    [Fact]
    public void A_user_whose_programs_hang_leaves_places_for_others()
    {
        ProgramPlaces places = new(10, 5);
        for (uint id = 0; id < 14; id++)
        {
            Want(places, (id, "mallory"));
        }

        Assert.Equal([0u, 1u, 2u, 3u, 4u], Granted(places));
        Want(places, (100, "alice"), (101, "alice"));
        Assert.Equal([100u], Granted(places)); // One each beyond the shared ones.
        Assert.True(places.Remove(0));
        Assert.Empty(Granted(places)); // Five run still.
        Assert.True(places.Remove(100));
        Assert.Equal([5u, 101u], Granted(places)); // There is a shared one; she has none running.
    }

    [Fact]
    public void Users_take_turns()
    {
        ProgramPlaces places = new(1, 1);
        Want(places, (1, "joe"), (2, "joe"), (3, "joe"), (4, "ann"));
        List<uint> order = [];
        for (int i = 0; i < 4; i++)
        {
            uint id = Assert.Single(Granted(places));
            order.Add(id);
            places.Remove(id);
        }

        Assert.Equal([1u, 4u, 2u, 3u], order);
    }

    [Fact]
    public void What_waits_no_more_gets_no_place()
    {
        ProgramPlaces places = new(1, 1);
        Want(places, (1, "joe"), (2, "joe"), (3, "ann"));
        Assert.Equal([1u], Granted(places));
        Assert.True(places.Remove(3));
        Assert.False(places.Remove(3));
        Assert.False(places.TryAdd(1, "joe")); // It has one.
        Assert.False(places.TryAdd(2, "joe")); // It waits.
        Assert.True(places.Remove(1));
        Assert.Equal([2u], Granted(places));
    }

    /// <summary>Whatever users do: never more than there are, never two of a user beyond the shared
    /// ones, and whoever has none running waits only where all are taken.</summary>
    [Fact]
    public void Places_are_kept_whatever_users_do() => Gen.Select(
        Gen.Int[1, 6], Gen.Int[1, 6], Gen.Select(Gen.Int[0, 4], Gen.Bool).Array[0, 60])
        .Sample((most, shared, steps) =>
        {
            ProgramPlaces places = new(most, shared);
            Dictionary<uint, string> waiting = [], running = [];
            uint next = 0;
            foreach ((int user, bool wants) in steps)
            {
                string name = $"u{user}";
                if (wants)
                {
                    waiting.Add(next, name);
                    Assert.True(places.TryAdd(next++, name));
                }
                else if (running.FirstOrDefault(one => one.Value == name) is { Value: not null }
                    one)
                {
                    running.Remove(one.Key);
                    Assert.True(places.Remove(one.Key));
                }

                foreach (uint id in Granted(places))
                {
                    Assert.True(waiting.Remove(id, out string? who));
                    Assert.True(running.Count < most);
                    Assert.True(running.Count < shared || !running.ContainsValue(who!));
                    running.Add(id, who!);
                }

                Assert.True(running.Count == most
                    || waiting.Values.All(running.ContainsValue));
            }
        });

    private static void Want(ProgramPlaces places, params (uint Id, string User)[] deliveries)
    {
        foreach ((uint id, string user) in deliveries)
        {
            Assert.True(places.TryAdd(id, user));
        }
    }

    private static List<uint> Granted(ProgramPlaces places)
    {
        List<uint> granted = [];
        while (places.DequeueGranted() is { } id)
        {
            granted.Add(id);
        }

        return granted;
    }
}
