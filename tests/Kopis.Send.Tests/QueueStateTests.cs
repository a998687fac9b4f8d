namespace Kopis.Send.Tests;

public sealed class QueueStateTests
{
    /// <summary>Found by the simulation: the first message of a new segment was passed by for ever
    /// where queue/mess could not be listed in that moment.</summary>
    [Fact]
    public void A_directory_that_cannot_be_listed_costs_no_message()
    {
        using World world = new();
        using SendCore core = world.Start(Make.Born);
        world.Add(Make.Born, "s@l.example", "first@l.example");
        core.ReadNew(Make.Born);
        world.NewSegment();
        world.Add(Make.Born, "s@l.example", "second@l.example");
        world.BeforeList = () => throw new IOException("too many open files");
        core.MoreToRead = true;
        core.ReadNew(Make.Born);
        world.BeforeList = () => { };
        string[] delivered = [
            .. Make.Addresses(core.Next(DeliveryChannel.Local, Make.Born)!),
            .. Make.Addresses(core.Next(DeliveryChannel.Local, Make.Born)!)];
        Assert.Equal(["first@l.example", "second@l.example"], delivered.Order());
    }
}
