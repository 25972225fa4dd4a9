using Xunit;

namespace Hearth.NativeTests.Abi;

/// <summary>Every native struct and constant of agent/Sandbox against the headers of this system. Needs gcc.</summary>
public sealed class AbiTests
{
    [Fact]
    public void Every_struct_says_what_it_is_laid_out_as() => Assert.Empty(AbiScan.UnmarkedStructs());

    [Fact]
    public void Every_constant_of_the_kernel_folder_says_where_its_value_is_from() => Assert.Empty(AbiScan.UnmarkedConstants());

    [Fact]
    public void No_message_has_padding_or_another_size_than_it_says() => Assert.Empty(AbiScan.ProtocolStructs().SelectMany(ProtocolLayout.Problems));

    [Fact]
    public void Structs_and_constants_agree_with_the_headers()
    {
        var assertions = new AssertionFile();
        foreach (var type in AbiScan.NativeStructs())
            assertions.AddStruct(type);
        foreach (var type in AbiScan.NativeConstants())
            assertions.AddConstants(type);
        Assert.True(assertions.Count > 50, $"only {assertions.Count} assertions: the scan found nothing");
        Gcc.Compile(assertions.Text);
    }

    [Fact]
    public void Messages_are_laid_out_as_a_C_compiler_would()
    {
        var assertions = new AssertionFile();
        foreach (var type in AbiScan.ProtocolStructs())
            assertions.AddProtocolStruct(type);
        Gcc.Compile(assertions.Text);
    }

    [Fact]
    public void A_wrong_value_does_not_compile()
    {
        var error = Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => Gcc.Compile("""
            #include <errno.h>
            _Static_assert(EPERM == 2, "EPERM");
            """));
        Assert.Contains("EPERM", error.Message, StringComparison.Ordinal);
    }
}
