using System.Net;

namespace Kopis.Remote.Tests;

public sealed class OfferMemoryTests
{
    private readonly OfferMemory _memory = new();

    [Fact]
    public void A_lack_is_one_only_after_an_offer()
    {
        Assert.False(_memory.IsLost(Of(1), isOffered: false));
        Assert.False(_memory.IsLost(Of(1), isOffered: true));
        Assert.False(_memory.IsLost(Of(2), isOffered: false));
        Assert.True(_memory.IsLost(Of(1), isOffered: false));
        Assert.True(_memory.IsLost(Of(1), isOffered: false));
    }

    [Fact]
    public void The_last_are_remembered_and_the_first_forgotten()
    {
        for (int i = 0; i <= 2 * OfferMemory.AddressesMax; i++)
        {
            _memory.IsLost(Of(i), isOffered: true);
        }

        Assert.False(_memory.IsLost(Of(0), isOffered: false));
        Assert.True(_memory.IsLost(Of(OfferMemory.AddressesMax + 1), isOffered: false));
        Assert.True(_memory.IsLost(Of(2 * OfferMemory.AddressesMax), isOffered: false));
    }

    private static IPAddress Of(int number) => new(BitConverter.GetBytes(number));
}
