using Kopis.Testing;

namespace Kopis.Remote.Tests;

public sealed class LinkPlacesTests
{
    private const string Name = "a.example";
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

    private readonly LinkPlaces _places = new(new ManualTime());

    [Fact]
    public async Task A_wake_goes_on_from_who_found_a_place_before_it_came()
    {
        Task<bool>? second = null;
        bool TakeWhileWoken()
        {
            second = _places.WaitAsync(Name, () => false, Long, CancellationToken.None);
            _places.Wake(Name); // The first in the row gets it, and needs it not.
            return true;
        }

        Assert.True(await _places.WaitAsync(Name, TakeWhileWoken, Long, CancellationToken.None));
        Assert.True(await second!.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task One_wake_wakes_one()
    {
        Task<bool> first = _places.WaitAsync(Name, () => false, Long, CancellationToken.None);
        Task<bool> second = _places.WaitAsync(Name, () => false, Long, CancellationToken.None);
        _places.Wake(Name);
        Assert.True(await first.WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.False(second.IsCompleted);
    }
}
